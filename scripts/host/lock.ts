import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { infrastructureFailure } from '../errors/failure.ts'
import { childEnvironment } from './child-environment.ts'
import { makeDirectory } from './directories.ts'
import { tryStat } from './files.ts'

export interface LockOptions {
  /** Called when another process holds the lock. */
  readonly onWait?: () => void
  /** Aborts waiting for the lock, not the task. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs a task while holding a lock of this host.
 *
 * The lock is a flock(2), taken by util-linux's `flock` on a file that this process keeps open. It cannot become stale,
 * because the kernel releases it when this process ends.
 * @param file created when missing; the holder of the lock may remove it
 * @throws Failure NO_LOCK (exit 4); the signal's reason when aborted while another process holds the lock
 */
export async function withLock<T>(
  file: string,
  task: () => Promise<T>,
  { onWait, signal }: LockOptions = {},
): Promise<T> {
  makeDirectory(path.dirname(file))
  let held = await hold(file, ['--nonblock'])
  if (held === undefined) {
    onWait?.()
    held = await hold(file, [], signal)
  }
  if (held === undefined) throw infrastructureFailure('NO_LOCK', `cannot lock ${file}`)
  try {
    return await task()
  } finally {
    fs.closeSync(held)
  }
}

/**
 * As {@link withLock}, but skips the task when another process holds the lock.
 * @throws Failure NO_LOCK (exit 4)
 */
export async function ifUnlocked(file: string, task: (file: string) => void): Promise<void> {
  const held = await hold(file, ['--nonblock'])
  if (held === undefined) return
  try {
    task(file)
  } finally {
    fs.closeSync(held)
  }
}

/** Exit status of flock for a lock that another process holds: one that flock itself does not use. */
const HELD_ELSEWHERE = 99
const LOCKED_FD = 3

/** @returns the file descriptor that holds the lock; undefined when another process holds it */
async function hold(file: string, options: readonly string[], signal?: AbortSignal): Promise<number | undefined> {
  for (;;) {
    signal?.throwIfAborted()
    const opened = openLock(file)
    let isHeld = false
    try {
      if (!(await flock(file, opened, options, signal))) return undefined
      isHeld = isStillAt(file, opened)
      // If the previous holder removed the file, others lock a new one: try again.
      if (isHeld) return opened
    } finally {
      if (!isHeld) fs.closeSync(opened)
    }
  }
}

function openLock(file: string): number {
  try {
    return fs.openSync(file, 'a', 0o600)
  } catch (error) {
    throw infrastructureFailure('NO_LOCK', `cannot lock ${file}: ${(error as Error).message}`, { cause: error })
  }
}

function isStillAt(file: string, opened: number): boolean {
  const there = tryStat(file)
  const own = fs.fstatSync(opened)
  return there?.ino === own.ino && there.dev === own.dev
}

/** @returns whether it acquired the lock */
async function flock(
  file: string,
  opened: number,
  options: readonly string[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const words = ['--exclusive', ...options, '--conflict-exit-code', String(HELD_ELSEWHERE), String(LOCKED_FD)]
  // pdeathsig: flock must not outlive this process.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'flock', ...words], {
    stdio: ['ignore', 'ignore', 'pipe', opened],
    // Not in the terminal's process group, so that Ctrl-C reaches this process alone.
    detached: true,
    env: childEnvironment(),
  })
  let errors = ''
  child.stderr?.on('data', chunk => (errors += chunk))
  const giveUp = () => child.kill()
  signal?.addEventListener('abort', giveUp)
  try {
    const code = await endOf(child)
    if (code === 0) return true
    signal?.throwIfAborted()
    if (code === HELD_ELSEWHERE) return false
    throw infrastructureFailure('NO_LOCK', `cannot lock ${file}: ${errors.trim()}`)
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
}

async function endOf(child: ChildProcess): Promise<number | null> {
  try {
    const [code] = await once(child, 'close')
    return code
  } catch (error) {
    throw infrastructureFailure('NO_LOCK', `cannot run flock: ${(error as Error).message}`)
  }
}
