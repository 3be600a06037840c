import { usageFailure } from '../errors/failure.ts'
import { suggest } from '../errors/suggest.ts'
import type { Environment } from '../host/environment.ts'
import { ownVariable, ownVariablesSet, variableOfOption } from '../settings/variables.ts'

/** Options that exist once for each node, or that are spelt as xcluster spells them: too many to list them in a help. */
const PATTERNS = /^--((mem|smp|nets)[0-9]+|nets[-_](vm|router|tester))$/

/** For whom misspells one of them. */
const LIKE_PATTERNS = ['--nets-vm', '--nets-router', '--nets-tester']

const LONG_OPTION = /^--[A-Za-z][\w-]*$/

/**
 * The options that the option parser knows, under their variables' names.
 * @param values by the options' names; true for one that takes no value
 * @throws Failure BAD_VALUE (exit 2) for an empty value: a variable may be empty and count as not set, but who types an option means it
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
 * Takes the options out of the words of a command line that the option parser did not know.
 * @param words what it left: operands, and options as `--name=value`
 * @param known the options of the command, one of which may have been meant
 * @param anyOption take whatever looks like an option: xcluster knows many, and passes them on to ovls
 * @returns the operands, and the options under their variables' names
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
 * Refuses variables `XCLUSTER_NETNS_<OPTION>` that stand for no option: who misspells one would get a run that is not the one he asked for.
 * @param known the options of all commands: a variable may be meant for another one than that which runs
 * @throws Failure UNKNOWN_OPTION (exit 2)
 */
export function requireKnownVariables(environment: Environment, known: readonly string[]): void {
  for (const { variable, option } of ownVariablesSet(environment)) {
    if (known.includes(option) || PATTERNS.test(option)) continue
    const meant = [...known, ...LIKE_PATTERNS].map(ownVariable)
    throw usageFailure('UNKNOWN_OPTION', `${variable} is set, and there is no option ${option}`, {
      hint: suggest(variable, meant, 'each option has its variable: netns.ts test --help lists them'),
    })
  }
}
