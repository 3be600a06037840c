import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { infrastructureFailure } from '../errors/failure.ts'
import { childEnvironment } from './child-environment.ts'
import { makeDirectory } from './directories.ts'
import { lookAt } from './places.ts'

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
 * The lock is flock(2)'s, taken by util-linux's `flock` on a file that this process opened, and held while that is open: the kernel frees
 * it whatever way this process ends, so it cannot go stale.
 * @param file is made where it is missing; whoever holds the lock may remove it
 * @throws Failure NO_LOCK (exit 4); the signal's reason when that is aborted and another process holds the lock
 */
export async function withLock<T>(file: string, task: () => Promise<T>, { onWait, signal }: Waiting = {}): Promise<T> {
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
 * As {@link withLock}, unless another process holds the lock: then nothing is done.
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

/** Its exit code for a lock that is held elsewhere, chosen among those that flock does not use itself. */
const HELD_ELSEWHERE = 99
/** The locked file, as flock inherits it. */
const LOCKED_FD = 3

/** @returns the file descriptor that holds the lock; undefined where another process has it */
async function hold(file: string, options: readonly string[], signal?: AbortSignal): Promise<number | undefined> {
  for (;;) {
    signal?.throwIfAborted()
    const opened = openLock(file)
    let isHeld = false
    try {
      if (!(await flock(file, opened, options, signal))) return undefined
      isHeld = isStillAt(file, opened)
      // Its last holder removed the file meanwhile: a lock on it keeps nobody out.
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
  const there = lookAt(file)
  const own = fs.fstatSync(opened)
  return there?.ino === own.ino && there.dev === own.dev
}

/** @returns whether the lock was got */
async function flock(
  file: string,
  opened: number,
  options: readonly string[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const words = ['--exclusive', ...options, '--conflict-exit-code', String(HELD_ELSEWHERE), String(LOCKED_FD)]
  // It is ended when this process is.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'flock', ...words], {
    stdio: ['ignore', 'ignore', 'pipe', opened],
    // Out of reach of Ctrl-C: this process decides when the waiting is over.
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
