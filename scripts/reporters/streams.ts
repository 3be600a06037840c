import type { Writable } from 'node:stream'
import type { Listener } from '../events/events.ts'

export interface Streams {
  readonly stdout: Writable
  readonly stderr: Writable
}

/** How to use the terminal of a stream. */
export interface TerminalUse {
  readonly color: boolean
  /** Draw a live view; only on a terminal. */
  readonly progress: boolean
}

export interface TerminalRequest extends Streams, TerminalUse {
  readonly stdout: TerminalWritable
  readonly stderr: TerminalWritable
  /** The run's signal: the view shows that it ends. */
  readonly signal: AbortSignal
}

/** A stream that may be a terminal. */
export type TerminalWritable = Writable & {
  readonly isTTY?: boolean
  readonly fd?: number
  readonly columns?: number
  readonly rows?: number
}

/** The streams for all output of a run; they protect a live view. */
export interface Terminal extends Streams {
  readonly listeners: readonly Listener[]
  /** Restores the terminal; called after all output. */
  close(): void
}
