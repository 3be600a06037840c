import type { Command } from 'commander'

/** What a command gets of the program that runs it. */
export interface CommandContext {
  /** Ends it. */
  readonly signal: AbortSignal
  readonly setExitCode: (code: number) => void
}

/**
 * One command of the program. Its definition is loaded for every help and completion: what it does is loaded when it runs.
 */
export interface CommandDefinition {
  readonly name: string
  /** Not in the help. */
  readonly hidden?: true
  /** Adds its description, arguments, options, examples and action. */
  define(command: Command, context: CommandContext): void
}
