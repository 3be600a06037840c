import type { Argument, Command, Option } from 'commander'
import type { Environment } from '../../host/environment.ts'

/** A completion. */
export interface Candidate {
  readonly value: string
  readonly description?: string | undefined
}

/** `files`: the shell completes file names itself. */
export type Completions = readonly Candidate[] | 'files'

/** The input before the word at the cursor. */
export interface UserInput {
  readonly command: Command
  readonly operands: readonly string[]
  /** Values by long option. */
  readonly options: ReadonlyMap<string, string>
  /** The option whose value is next. */
  readonly pending: Option | undefined
  /** No options follow `--`. */
  readonly isLiteral: boolean
  readonly environment: Environment
}

/**
 * Finds the values of an option or argument.
 * @param partial the beginning of the word at the cursor
 */
export type ValueSource = (partial: string, typed: UserInput) => Promise<Completions>

const SOURCES = new WeakMap<Option | Argument, ValueSource>()

/** Sets the completion of an option or argument. Without, nothing is offered (numbers). */
export function completedBy<Item extends Option | Argument>(
  item: Item,
  source: ValueSource | readonly string[] | 'files',
): Item {
  const values = typeof source === 'function' || source === 'files' ? source : source.map(value => ({ value }))
  SOURCES.set(item, typeof values === 'function' ? values : async () => values)
  return item
}

/** The completion of an option or argument; by default, its choices. */
export const sourceOf = (item: Option | Argument): ValueSource =>
  SOURCES.get(item) ?? (async () => (item.argChoices ?? []).map(value => ({ value })))

export const isCompleted = (item: Option | Argument): boolean => SOURCES.has(item) || item.argChoices !== undefined
