import type { Argument, Command, Option } from 'commander'
import type { Environment } from '../../host/environment.ts'

/** A word that can stand where the cursor is. */
export interface Candidate {
  readonly value: string
  readonly description?: string | undefined
}

/** `files`: the shell knows them better. */
export type Completions = readonly Candidate[] | 'files'

/** What was typed before the word that is to be completed. */
export interface Typed {
  readonly command: Command
  readonly operands: readonly string[]
  /** Values of the options, by their long names. */
  readonly options: ReadonlyMap<string, string>
  /** The option whose value comes next. */
  readonly pending: Option | undefined
  /** `--` was there: no more options. */
  readonly isLiteral: boolean
  readonly environment: Environment
}

/**
 * Finds the values of an option or argument.
 * @param partial the word at the cursor, up to it
 */
export type ValueSource = (partial: string, typed: Typed) => Promise<Completions>

const SOURCES = new WeakMap<Option | Argument, ValueSource>()

/** Says by what the value of an option or argument is completed. Those of which nothing is said have no values to offer: numbers. */
export function completedBy<Item extends Option | Argument>(
  item: Item,
  source: ValueSource | readonly string[] | 'files',
): Item {
  const values = typeof source === 'function' || source === 'files' ? source : source.map(value => ({ value }))
  SOURCES.set(item, typeof values === 'function' ? values : async () => values)
  return item
}

/** What completes the value of an option or argument; its choices where nothing else is said. */
export const sourceOf = (item: Option | Argument): ValueSource =>
  SOURCES.get(item) ?? (async () => (item.argChoices ?? []).map(value => ({ value })))

/** Whether an option or argument says by what it is completed. */
export const isCompleted = (item: Option | Argument): boolean => SOURCES.has(item) || item.argChoices !== undefined
