import { type Command, InvalidArgumentError, type Option } from 'commander'
import { usageFailure } from '../errors/failure.ts'
import type { Environment } from '../host/environment.ts'
import { ownVariable, readYesNo } from '../settings/variables.ts'

/**
 * Lets variables set every option of a command and its subcommands: `XCLUSTER_NETNS_NVM=2` for `--nvm=2`. The command
 * line takes precedence; an empty variable counts as unset; repeatable options take a comma-separated list. Commander's
 * `Option.env()` would read `XCLUSTER_NETNS_COLD=no` as yes.
 * @throws Failure BAD_VALUE (exit 2), when the command runs
 */
export const applyVariables = (program: Command, environment: Environment): Command =>
  program.hook('preAction', (_, command) => {
    for (const option of command.options) {
      const name = option.attributeName()
      const variable = variableOf(option)
      const text = variable && environment[variable]
      if (!variable || !text || command.getOptionValueSource(name) === 'cli') continue
      const value = readVariable(option, variable, text, command.getOptionValue(name))
      if (value !== undefined) command.setOptionValueWithSource(name, value, 'env')
    }
  })

/** The variable of an option; undefined for `--help` and `--version`. */
export const variableOf = ({ long }: Option): string | undefined =>
  long && long !== '--version' ? ownVariable(long) : undefined

export const isRepeatable = ({ defaultValue, variadic }: Option): boolean => variadic || Array.isArray(defaultValue)

/** @returns undefined if the variable says no */
function readVariable(option: Option, variable: string, text: string, before: unknown): unknown {
  if (!option.required && !option.optional) return readYesNo(variable, text) ? !option.negate : undefined
  const words = isRepeatable(option) ? text.split(',').filter(Boolean) : [text]
  try {
    return words.reduce<unknown>((value, word) => (option.parseArg ? option.parseArg(word, value) : word), before)
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    throw usageFailure('BAD_VALUE', `${variable}=${text}: ${inTheMiddle(error.message)}`, { cause: error })
  }
}

/** Makes commander's sentence a clause. */
const inTheMiddle = (sentence: string): string =>
  sentence.replace(/^[A-Z]/, letter => letter.toLowerCase()).replace(/\.$/, '')
