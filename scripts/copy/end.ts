import { spawn } from 'node:child_process'
import { once } from 'node:events'
import os from 'node:os'
import process from 'node:process'
import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { callersEnvironment } from '../host/environment.ts'
import type { Node } from '../ssh/node.ts'
import { quoteExec } from '../ssh/quote.ts'

export interface ScriptStreams {
  /** Empty by default. */
  readonly stdin?: Readable
  readonly stdout: Writable
  readonly stderr: Writable
}

/** One of the two ends of a copy, where scripts run. */
export interface End {
  /**
   * @param signal kills the script
   * @returns the exit status
   * @throws Failure (exit 4) when a node is lost; the signal's reason
   */
  run(script: string, words: readonly string[], streams: ScriptStreams, signal?: AbortSignal): Promise<number>
}

/** A node; its PODs share its files. */
export const nodeEnd = ({ connection }: Node): End => ({
  run: async (script, words, streams, signal) =>
    await connection.run(quoteExec(['/bin/sh', '-c', script, 'cp', ...words]), streams, signal),
})

export const hostEnd: End = {
  run: async (script, words, { stdin, stdout, stderr }, signal) => {
    signal?.throwIfAborted()
    const child = spawn('/bin/sh', ['-c', script, 'cp', ...words], {
      // Ctrl-C must not reach the script, which cleans up when its input ends.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      // The caller's environment (TAR_OPTIONS, CDPATH) must not change what is copied.
      env: { PATH: callersEnvironment.PATH, LC_ALL: 'C' },
    })
    const end = () => endGroup(child.pid)
    signal?.addEventListener('abort', end, { once: true })
    // The script ended before it had read all: its exit status tells why.
    child.stdin.on('error', () => {})
    if (stdin) stdin.pipe(child.stdin)
    else child.stdin.end()
    child.stdout.pipe(stdout, { end: false })
    child.stderr.pipe(stderr, { end: false })
    const outputs = [child.stdout, child.stderr]
    const read = Promise.all(outputs.map(stream => finished(stream).catch(() => {}))) // destroyed below when aborted
    const [code, name] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    signal?.removeEventListener('abort', end)
    // The output may have no reader any more, and would never finish.
    if (signal?.aborted) for (const stream of outputs) stream.destroy()
    await read
    signal?.throwIfAborted()
    return code ?? 128 + (name ? os.constants.signals[name] : 0)
  },
}

/** Sends SIGTERM first, so that the script can remove its files. */
function endGroup(leader: number | undefined): void {
  const kill = (name: NodeJS.Signals) => {
    try {
      if (leader !== undefined) process.kill(-leader, name)
    } catch {
      // The group has already exited.
    }
  }
  kill('SIGTERM')
  setTimeout(kill, KILL_GRACE_MS, 'SIGKILL').unref()
}

const KILL_GRACE_MS = 2000
