import { PassThrough, type Readable } from 'node:stream'
import { boundedCollector } from '../ssh/collector.ts'
import { lineSplitter } from '../ssh/lines.ts'
import { type Place, runAt, untrusted } from './place.ts'
import { KEEP, RECEIVE } from './scripts.ts'
import type { Found } from './source.ts'

/** Where a copy is made before it gets its name. */
export interface Destination {
  /** Takes what the source sends. */
  receive(input: Readable, signal: AbortSignal): Promise<void>
  /** Gives the copy its name. */
  commit(): Promise<void>
  /** Removes what did not get its name. */
  abandon(): Promise<void>
}

const FULL = /No space left on device|Disk quota exceeded/

/**
 * Opens a destination in a VM.
 * @param name of the copy, if the destination is a directory
 * @throws Failure COPY_REFUSED (exit 2) or COPY_FAILED (exit 3)
 */
export async function openGuestDestination(to: Place, name: string, found: Found): Promise<Destination> {
  const { kind, mode, size } = found
  const stdin = new PassThrough()
  let tell: (directory: string) => void = () => {}
  const told = new Promise<string>(resolve => {
    tell = resolve
  })
  // Not by the signal: it is what cleans up.
  const ended = runAt(to, KEEP, [to.path, name, kind, String(size)], { stdin, stdout: lineSplitter(tell) })
  ended.catch(() => {}) // `commit` or whoever waits for the directory throws it
  const unsaid = ended.then(() => {
    throw untrusted(to, 'it ended without an answer')
  })
  const directory = await Promise.race([told, unsaid])
  return {
    receive: async (input, signal) => {
      const nothing = boundedCollector(0)
      const words = [directory, kind, mode.toString(8)]
      await runAt(to, RECEIVE, words, { stdin: input, stdout: nothing.stream, signal, fatal: FULL })
    },
    commit: async () => {
      stdin.end('commit\n')
      await ended
    },
    abandon: async () => {
      stdin.end()
      await ended.catch(() => {}) // thrown already, or of no interest any more
    },
  }
}
