import type { Writable } from 'node:stream'
import type { Listener } from '../events/events.ts'

/** The streams that this process has. */
export interface Streams {
  readonly stdout: Writable
  readonly stderr: Writable
}

/** How the person's terminal is to be used, decided for its stream. */
export interface TerminalUse {
  readonly color: boolean
  /** Draw a live view; only on a terminal. */
  readonly progress: boolean
}

export interface TerminalRequest extends Streams, TerminalUse {
  readonly stdout: TerminalWritable
  readonly stderr: TerminalWritable
  /** Of the run: the view says that it ends. */
  readonly signal: AbortSignal
}

/** A stream that may be a terminal. */
export type TerminalWritable = Writable & {
  readonly isTTY?: boolean
  readonly fd?: number
  readonly columns?: number
  readonly rows?: number
}

/** The streams for all that is written in a run, so that nothing tears the live view where there is one. */
export interface Terminal extends Streams {
  readonly listeners: readonly Listener[]
  /** Called when all is written: leaves the terminal as it was. */
  close(): void
}
