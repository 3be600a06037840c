import type { Command } from 'commander'
import type { ClusterChoice } from '../cluster/choice.ts'
import { chooseKind } from '../cluster/choose.ts'
import { callersEnvironment, type Environment } from '../host/environment.ts'
import { commandsOf, programOf } from './finish.ts'
import { requireKnownVariables, splitWords, variablesOfOptions } from './options.ts'

/** What the user says to a command, under the names of xcluster's variables. */
export interface UserRequest {
  /** What is no option. */
  readonly operands: readonly string[]
  /** What was typed. */
  readonly options: Environment
  /** What variables `XCLUSTER_NETNS_<OPTION>` say that no option says. */
  readonly variables: Environment
}

/** Options that are not settings of a run: which reports, and what a command prints. */
const NO_SETTINGS = ['ovl', 'reporter', 'progress', 'list', 'json', 'format']

/**
 * What is said to a command that has settings.
 * @param words what commander left: operands, and options that it does not know
 * @throws Failure (exit 2)
 */
export function readUserRequest(command: Command, words: readonly string[]): UserRequest {
  const typed = settingsIn(command, source => source !== 'env')
  const { acceptsUnknownOptions } = chooseKind(typed, callersEnvironment)
  const { operands, options } = splitWords(words, namesOf(command), acceptsUnknownOptions)
  if (!acceptsUnknownOptions) requireKnownVariables(callersEnvironment, commandsOf(programOf(command)).flatMap(namesOf))
  return {
    operands,
    options: { ...typed, ...options },
    variables: settingsIn(command, source => source === 'env'),
  }
}

function settingsIn(command: Command, isWanted: (source: string | undefined) => boolean): Environment {
  const wanted = Object.entries(command.opts()).filter(
    ([name]) => !NO_SETTINGS.includes(name) && isWanted(command.getOptionValueSource(name)),
  )
  const { start, stop, ...rest } = Object.fromEntries(wanted)
  return {
    ...variablesOfOptions(rest),
    ...(start === false && { __no_start: 'yes' }),
    // Both, so that what is typed wins over what a repeated run or a variable says of the other one.
    ...(stop !== undefined && { __stop: stop ? 'yes' : 'no', __no_stop: stop ? 'no' : 'yes' }),
  }
}

/** The running cluster that options choose; settings read the variables themselves, and say in messages which it was. */
export function readClusterChoice(command: Command): ClusterChoice {
  const isTyped = ([name]: [string, unknown]) => command.getOptionValueSource(name) === 'cli'
  const { name, cluster } = Object.fromEntries(Object.entries(command.opts()).filter(isTyped))
  return { name, cluster }
}

const namesOf = ({ options }: Command) => options.flatMap(({ long }) => long ?? [])
