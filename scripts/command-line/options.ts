import { usageFailure } from '../errors/failure.ts'
import { suggest } from '../errors/suggest.ts'
import type { Environment } from '../host/environment.ts'
import { ownVariable, ownVariablesSet, variableOfOption } from '../settings/variables.ts'

/** Options for each node, or in xcluster's spelling: too many for the help. */
const PATTERNS = /^--((mem|smp|nets)[0-9]+|nets[-_](vm|router|tester))$/

/** Suggestions for misspelled ones. */
const LIKE_PATTERNS = ['--nets-vm', '--nets-router', '--nets-tester']

const LONG_OPTION = /^--[A-Za-z][\w-]*$/

/**
 * Converts parsed options to their variables.
 * @param values by the names of the options; true for a flag
 * @throws Failure BAD_VALUE (exit 2) for an empty value: unlike a variable, an option cannot be empty
 */
export function variablesOfOptions(values: Readonly<Record<string, unknown>>): Environment {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      // Commander's name of `--until-failure` is `untilFailure`.
      const option = `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
      if (value === '') throw needsValue(option)
      return [variableOfOption(option), value === true ? 'yes' : String(value)]
    }),
  )
}

const needsValue = (option: string) => usageFailure('BAD_VALUE', `${option}: needs a value, as in ${option}=<value>`)

/**
 * Splits the words that the option parser did not know into operands and options.
 * @param words operands, and options as `--name=value`
 * @param known the options of the command, for suggestions
 * @param anyOption accept any option: xcluster has many, and passes them to ovls
 * @returns the operands, and the options by the names of their variables
 * @throws Failure UNKNOWN_OPTION or BAD_VALUE (exit 2)
 */
export function splitWords(
  words: readonly string[],
  known: readonly string[],
  anyOption: boolean,
): { operands: readonly string[]; options: Environment } {
  const options: Record<string, string> = {}
  const operands: string[] = []
  for (const word of words) {
    if (!word.startsWith('-')) {
      operands.push(word)
      continue
    }
    const [, option = word, value] = /^([^=]*)=(.*)$/s.exec(word) ?? []
    const isOurs = PATTERNS.test(option)
    if (!isOurs && !(anyOption && LONG_OPTION.test(option))) {
      throw usageFailure('UNKNOWN_OPTION', `unknown option ${option}`, {
        hint: suggest(option, [...known, ...LIKE_PATTERNS], 'netns.ts test --help lists them'),
      })
    }
    if (isOurs && !value) throw needsValue(option)
    options[variableOfOption(option)] = value ?? 'yes'
  }
  return { operands, options }
}

/**
 * Refuses variables `XCLUSTER_NETNS_<OPTION>` without an option: a misspelled one would be ignored silently.
 * @param known the options of all commands: a variable may be meant for another command
 * @throws Failure UNKNOWN_OPTION (exit 2)
 */
export function requireKnownVariables(environment: Environment, known: readonly string[]): void {
  for (const { variable, option } of ownVariablesSet(environment)) {
    if (known.includes(option) || PATTERNS.test(option)) continue
    const meant = [...known, ...LIKE_PATTERNS].map(ownVariable)
    throw usageFailure('UNKNOWN_OPTION', `${variable} is set, but there is no option ${option}`, {
      hint: suggest(variable, meant, 'netns.ts test --help lists the options, each of which has a variable'),
    })
  }
}
