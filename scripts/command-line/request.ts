import type { Command } from 'commander'
import type { ClusterChoice } from '../cluster/choice.ts'
import { chooseKind } from '../cluster/choose.ts'
import { callersEnvironment, type Environment } from '../host/environment.ts'
import { type Guest, readGuest } from '../settings/guest.ts'
import { Sources, userLayers } from '../settings/sources.ts'
import { commandsOf, programOf } from './finish.ts'
import { requireKnownVariables, splitWords, variablesOfOptions } from './options.ts'

/** A user's request; options have the names of xcluster's variables. */
export interface UserRequest {
  readonly operands: readonly string[]
  /** Options from the command line. */
  readonly options: Environment
  /** Options only from variables `XCLUSTER_NETNS_<OPTION>`. */
  readonly variables: Environment
}

/** Options that are not settings of a run. */
const NO_SETTINGS = ['ovl', 'reporter', 'progress', 'list', 'verbose', 'json', 'format', 'set', 'grep']

/**
 * Reads the request to a command that has settings.
 * @param words operands, and options that commander does not know
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
    // Sets both, to override the other one from a repeated run or a variable.
    ...(stop !== undefined && { __stop: stop ? 'yes' : 'no', __no_stop: stop ? 'no' : 'yes' }),
  }
}

/**
 * The guest that a command's options describe.
 * @throws Failure BAD_VALUE (exit 2)
 */
export const guestOf = (command: Command): Guest =>
  readGuest(new Sources(userLayers(readUserRequest(command, []).options, callersEnvironment)), callersEnvironment)

/** The running cluster that options select; settings read the variables themselves, to name them in messages. */
export function readClusterChoice(command: Command): ClusterChoice {
  const isTyped = ([name]: [string, unknown]) => command.getOptionValueSource(name) === 'cli'
  const { name, cluster } = Object.fromEntries(Object.entries(command.opts()).filter(isTyped))
  return { name, cluster }
}

const namesOf = ({ options }: Command) => options.flatMap(({ long }) => long ?? [])
