import type { Command } from 'commander'
import { chooseKind } from '../cluster/choose.ts'
import { callersEnvironment } from '../host/environment.ts'
import { readDirectories } from '../settings/settings.ts'
import { commandsOf } from './finish.ts'
import { requireKnownVariables, splitWords, variablesOfOptions } from './options.ts'

/** What commander makes of the options that decide how tests are run. */
export interface RunOptions {
  readonly start: boolean
  /** Undefined where neither `--stop` nor `--no-stop` was given. */
  readonly stop?: boolean | undefined
  readonly ovl: readonly string[]
  readonly reporter: readonly string[]
  readonly progress?: string
  readonly list?: true
  readonly json?: true
  readonly [name: string]: unknown
}

/**
 * Values of the command line under the names of xcluster's variables.
 * @param words what commander left: operands, and options that it does not know
 * @param command whose options they are
 * @throws Failure (exit 2)
 */
export function variablesOf(
  { start, stop, progress: _, ...rest }: Omit<RunOptions, 'ovl' | 'reporter'>,
  words: readonly string[],
  command: Command,
) {
  const known = variablesOfOptions(rest)
  // Both, so that what is typed wins over what a repeated run or a variable says of the other one.
  const keep = stop === undefined ? {} : { __stop: stop ? 'yes' : 'no', __no_stop: stop ? 'no' : 'yes' }
  const flags = { ...(!start && { __no_start: 'yes' }), ...keep }
  const { takesAnyOption } = chooseKind(known, callersEnvironment)
  const names = namesOf(command)
  const { operands, options } = splitWords(words, names, takesAnyOption)
  if (!takesAnyOption) requireKnownVariables(callersEnvironment, commandsOf(programOf(command)).flatMap(namesOf))
  return { operands, options: { ...known, ...flags, ...options } }
}

const namesOf = ({ options }: Command) => options.flatMap(({ long }) => long ?? [])

const programOf = (command: Command): Command => (command.parent ? programOf(command.parent) : command)

/** Where this user's clusters, and what is kept, are. */
export const directories = () => readDirectories(callersEnvironment)
