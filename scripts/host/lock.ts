import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { infrastructureFailure } from '../errors/failure.ts'
import { makeDirectory } from './directories.ts'

/** How one waits for a lock. */
export interface Waiting {
  /** Called when another process holds the lock. */
  readonly onWait?: () => void
  /** Ends the waiting; what the lock is for ends by itself. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Does something while no other process of this host does it.
 *
 * The lock is flock(2)'s, held by util-linux's `flock` as long as our end of its standard input is open: the kernel frees it
 * whatever way this process ends, so it cannot go stale.
 * @param file is made where it is missing, and stays
 * @throws Failure NO_LOCK (exit 4); the signal's reason when that is aborted and another process holds the lock
 */
export async function withLock<T>(file: string, task: () => Promise<T>, { onWait, signal }: Waiting = {}): Promise<T> {
  makeDirectory(path.dirname(file))
  let holder = await hold(file, ['--nonblock'])
  if (!holder) {
    onWait?.()
    holder = await hold(file, [], signal)
  }
  if (!holder) throw infrastructureFailure('NO_LOCK', `cannot lock ${file}`)
  try {
    return await task()
  } finally {
    holder.stdin.end()
    await once(holder, 'close')
  }
}

/** Its exit code for a lock that is held elsewhere, chosen among those that flock does not use itself. */
const HELD_ELSEWHERE = 99

async function hold(file: string, options: readonly string[], signal?: AbortSignal) {
  signal?.throwIfAborted()
  const words = ['--exclusive', ...options, '--conflict-exit-code', String(HELD_ELSEWHERE), file]
  // While it waits it does not see its standard input: it is ended when this process is.
  const flock = ['--pdeathsig', 'TERM', 'flock', ...words]
  const child = spawn('setpriv', [...flock, '/bin/sh', '-c', 'echo locked; read -r end'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Out of reach of Ctrl-C: it ends with its standard input.
    detached: true,
  })
  child.stdin.on('error', () => {})
  let errors = ''
  child.stderr.on('data', chunk => (errors += chunk))
  const giveUp = () => {
    child.stdin.end()
    child.kill()
  }
  signal?.addEventListener('abort', giveUp)
  const held = new Promise<typeof child | undefined>((resolve, reject) => {
    child.stdout.once('data', () => signal?.aborted || resolve(child))
    child.once('error', error => reject(infrastructureFailure('NO_LOCK', `cannot run flock: ${error.message}`)))
    child.once('close', code => {
      if (code === HELD_ELSEWHERE) resolve(undefined)
      else reject(signal?.reason ?? infrastructureFailure('NO_LOCK', `cannot lock ${file}: ${errors.trim()}`))
    })
  })
  return await held.finally(() => signal?.removeEventListener('abort', giveUp))
}
