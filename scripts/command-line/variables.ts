import { type Command, InvalidArgumentError, type Option } from 'commander'
import { usageFailure } from '../errors/failure.ts'
import type { Environment } from '../host/environment.ts'
import { ownVariable, readYesNo } from '../settings/variables.ts'

/**
 * Lets every option of a command, and of those below it, be set by a variable: `XCLUSTER_NETNS_NVM=2` for `--nvm=2`. What is
 * typed wins; an empty variable counts as not set; of an option that can be repeated it holds several, with commas between. Commander's own
 * `Option.env()` would take `XCLUSTER_NETNS_COLD=no` for yes.
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

/** The variable of an option; none of those that only tell something. */
export const variableOf = ({ long }: Option): string | undefined =>
  long && long !== '--version' ? ownVariable(long) : undefined

/** Can be given several times: commander collects what was given in an array. */
export const isRepeatable = ({ defaultValue, variadic }: Option): boolean => variadic || Array.isArray(defaultValue)

/** @returns undefined where the variable says no */
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

/** Commander's sentence as a part of another. */
const inTheMiddle = (sentence: string): string =>
  sentence.replace(/^[A-Z]/, letter => letter.toLowerCase()).replace(/\.$/, '')
