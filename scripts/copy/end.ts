import { spawn } from 'node:child_process'
import { once } from 'node:events'
import os from 'node:os'
import process from 'node:process'
import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { callersEnvironment } from '../host/environment.ts'
import type { Node } from '../ssh/node.ts'
import { quoteExec } from '../ssh/quote.ts'

/** The streams of a script. */
export interface ScriptStreams {
  /** Nothing when missing. */
  readonly stdin?: Readable
  readonly stdout: Writable
  readonly stderr: Writable
}

/** One of the two ends of a copy: where scripts run. */
export interface End {
  /**
   * @param signal kills it
   * @returns the exit code
   * @throws Failure (exit 4) when a VM is lost; the signal's reason
   */
  run(script: string, words: readonly string[], streams: ScriptStreams, signal?: AbortSignal): Promise<number>
}

/** A VM; its PODs have the same files. */
export const vmEnd = ({ connection }: Node): End => ({
  run: async (script, words, streams, signal) =>
    await connection.run(quoteExec(['/bin/sh', '-c', script, 'cp', ...words]), streams, signal),
})

/** This host. */
export const hostEnd: End = {
  run: async (script, words, { stdin, stdout, stderr }, signal) => {
    signal?.throwIfAborted()
    const child = spawn('/bin/sh', ['-c', script, 'cp', ...words], {
      // Ctrl-C is for this process: the script cleans up by itself when its input ends.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      // Nothing of the caller's changes what is copied: neither options of tar nor what `cd` searches.
      env: { PATH: callersEnvironment.PATH, LC_ALL: 'C' },
    })
    const end = () => endGroup(child.pid)
    signal?.addEventListener('abort', end, { once: true })
    // It ended before it had read all: its exit code tells.
    child.stdin.on('error', () => {})
    if (stdin) stdin.pipe(child.stdin)
    else child.stdin.end()
    child.stdout.pipe(stdout, { end: false })
    child.stderr.pipe(stderr, { end: false })
    const outputs = [child.stdout, child.stderr]
    const read = Promise.all(outputs.map(stream => finished(stream).catch(() => {}))) // what is cut off is not read
    const [code, name] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    signal?.removeEventListener('abort', end)
    // Nobody may read any more what it has written, so it would have no end.
    if (signal?.aborted) for (const stream of outputs) stream.destroy()
    await read
    signal?.throwIfAborted()
    return code ?? 128 + (name ? os.constants.signals[name] : 0)
  },
}

/** Two signals, since a script may have files to remove. */
function endGroup(leader: number | undefined): void {
  const kill = (name: NodeJS.Signals) => {
    try {
      if (leader !== undefined) process.kill(-leader, name)
    } catch {
      // All of it has ended meanwhile.
    }
  }
  kill('SIGTERM')
  setTimeout(kill, KILL_GRACE_MS, 'SIGKILL').unref()
}

const KILL_GRACE_MS = 2000
