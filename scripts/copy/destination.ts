import { PassThrough, type Readable } from 'node:stream'
import { boundedCollector } from '../ssh/collector.ts'
import { lineSplitter } from '../ssh/lines.ts'
import { type Place, runScript, untrusted } from './place.ts'
import { RECEIVE, STAGE } from './scripts.ts'
import type { SourceInfo } from './source.ts'

/** Where a copy is staged and then renamed. */
export interface Destination {
  /** Reads what the source sends into the staging directory. */
  receive(input: Readable, signal: AbortSignal): Promise<void>
  /** Moves the copy to its final name. */
  commit(): Promise<void>
  abandon(): Promise<void>
}

const FULL = /No space left on device|Disk quota exceeded/

/**
 * Opens a destination on a node.
 * @param name of the copy, if the destination is a directory
 * @throws Failure COPY_REFUSED (exit 2) or COPY_FAILED (exit 3)
 */
export async function openNodeDestination(to: Place, name: string, info: SourceInfo): Promise<Destination> {
  const { kind, mode, size } = info
  const stdin = new PassThrough()
  let onDirectory: (directory: string) => void = () => {}
  const staging = new Promise<string>(resolve => {
    onDirectory = resolve
  })
  // The signal must not stop this script: it cleans up.
  const ended = runScript(to, STAGE, [to.path, name, kind, String(size)], { stdin, stdout: lineSplitter(onDirectory) })
  ended.catch(() => {}) // rethrown below or by `commit`
  const unanswered = ended.then(() => {
    throw untrusted(to, 'no answer')
  })
  const directory = await Promise.race([staging, unanswered])
  return {
    receive: async (input, signal) => {
      const ignored = boundedCollector(0)
      const words = [directory, kind, mode.toString(8)]
      await runScript(to, RECEIVE, words, { stdin: input, stdout: ignored.stream, signal, fatal: FULL })
    },
    commit: async () => {
      stdin.end('commit\n')
      await ended
    },
    abandon: async () => {
      stdin.end()
      await ended.catch(() => {}) // `commit` has thrown it, or the copy failed earlier
    },
  }
}
