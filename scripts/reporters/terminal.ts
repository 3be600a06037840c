import fs from 'node:fs'
import type { Writable } from 'node:stream'
import type { Listener } from '../events/events.ts'
import type { Streams } from './reporters.ts'

/** How the person's terminal is to be used, decided for its stream. */
export interface TerminalUse {
  readonly colour: boolean
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

/** Without a live view the streams are as they were, and nothing that draws is loaded. */
export async function openTerminal(request: TerminalRequest): Promise<Terminal> {
  const { stdout, stderr, progress } = request
  if (!progress) return { stdout, stderr, listeners: [], close: () => {} }
  const { openLive } = await import('./live/live.ts')
  return openLive(request, isSameTerminal(stdout, stderr))
}

/** Two descriptors are of the same terminal when they are of the same device. */
function isSameTerminal(one: TerminalWritable, other: TerminalWritable): boolean {
  if (!one.isTTY || !other.isTTY || one.fd === undefined || other.fd === undefined) return false
  return fs.fstatSync(one.fd).rdev === fs.fstatSync(other.fd).rdev
}
