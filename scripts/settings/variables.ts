import { usageFailure } from '../errors/failure.ts'
import type { Environment } from '../host/environment.ts'

const PREFIX = 'XCLUSTER_NETNS_'

/** xcluster's convention: `--long-name=v` is the variable `__long_name=v`, and `--long-name` is `__long_name=yes`. */
export const variableOfOption = (option: string): string => `__${option.replace(/^--/, '').replaceAll('-', '_')}`

/** The variable of an option: `XCLUSTER_NETNS_NO_STOP` for `--no-stop`. */
export const ownVariable = (option: string): string =>
  `${PREFIX}${option.replace(/^--/, '').replaceAll('-', '_').toUpperCase()}`

/** Values of the variables `XCLUSTER_NETNS_<OPTION>` by xcluster's names: `XCLUSTER_NETNS_NVM` as `__nvm`. */
export const ownVariables = (environment: Environment): Environment =>
  Object.fromEntries(
    ownVariablesSet(environment).map(({ variable, option }) => [variableOfOption(option), environment[variable]]),
  )

/** The variables `XCLUSTER_NETNS_<OPTION>` that are set and not empty, each with its option. */
export const ownVariablesSet = (environment: Environment): readonly { variable: string; option: string }[] =>
  Object.keys(environment)
    .filter(name => name.startsWith(PREFIX) && environment[name])
    .map(variable => ({ variable, option: `--${variable.slice(PREFIX.length).toLowerCase().replaceAll('_', '-')}` }))

const WORDS: Readonly<Record<string, boolean>> = {
  yes: true,
  true: true,
  on: true,
  1: true,
  no: false,
  false: false,
  off: false,
  0: false,
}

/**
 * Reads the variable of an option without a value.
 * @param name for the message
 * @throws Failure BAD_VALUE (exit 2)
 */
export function readYesNo(name: string, value: string): boolean {
  const answer = Object.hasOwn(WORDS, value.toLowerCase()) ? WORDS[value.toLowerCase()] : undefined
  if (answer === undefined) throw usageFailure('BAD_VALUE', `${name}=${value}: must be yes or no`)
  return answer
}
