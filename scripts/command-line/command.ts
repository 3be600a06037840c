import type { Command } from 'commander'

export interface CommandContext {
  readonly signal: AbortSignal
  readonly setExitCode: (code: number) => void
}

/**
 * A command. Definitions are loaded for each help and completion, implementations only when a command runs.
 */
export interface CommandDefinition {
  readonly name: string
  /** Omit it from the help. */
  readonly hidden?: true
  /** Adds its description, arguments, options, examples and action. */
  define(command: Command, context: CommandContext): void
}
