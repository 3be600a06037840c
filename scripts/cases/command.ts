import type { Selector } from '../settings/selectors.ts'

/** Where a command runs: on nodes, or in PODs. All workers by default. */
export interface Place {
  readonly on?: Selector
  readonly in?: Selector
}

/** Words of a command, or lines for `sh`. */
export type Command = string | readonly string[]

export interface CommandOptions {
  /** Variables of the command. */
  readonly environment?: Readonly<Record<string, string>>
  /** Input of the command; empty by default. */
  readonly input?: string
  /** What the command must do; by default, it must succeed. */
  readonly expect?: Expected
  /** Time for the command including retries; by default that of steps (`--timeout`). */
  readonly timeoutSeconds?: number
}

/** The expected outcome of a command. */
export interface Expected {
  /** Its exit status, or several; `any` to ignore it. By default 0. */
  readonly status?: number | readonly number[] | 'any'
  /** A text that its output contains, or a regular expression that matches it: in YAML, `/text/flags`. */
  readonly stdout?: TextPattern | readonly TextPattern[]
  readonly stderr?: TextPattern | readonly TextPattern[]
  /** Retry for this time. */
  readonly withinSeconds?: number
}

export type TextPattern = string | RegExp

/** A file for a node: from a file beside the test's, or with a text. */
export interface FileToPut {
  /** Absolute path on the node. */
  readonly to: string
  /** A path relative to the test's file. */
  readonly from?: string
  readonly text?: string
  /** In octal: `755`. By default `644`, or that of the file. */
  readonly mode?: string
}

/** When a command in the background is ready. */
export interface Background {
  /** A line of its output contains this text or matches this expression. */
  readonly line?: TextPattern
  /** It listens on this port: `80`, `tcp/80`, `udp/53`. */
  readonly port?: number | string
  /** This file exists. */
  readonly file?: string
}

/** The first word of a command, without its directory. */
export function commandName(command: Command): string {
  const [first = ''] = typeof command === 'string' ? command.trim().split(/\s+/) : command
  return first.split('/').at(-1) || 'command'
}
