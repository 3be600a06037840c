import fs from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { infrastructureFailure } from '../errors/failure.ts'

/** Identifies a process even when the kernel reuses its pid. */
export interface ProcessId {
  readonly pid: number
  /** Clock ticks since boot: field 22 of /proc/<pid>/stat (proc(5)). */
  readonly startTime: string
}

/** Identifies this boot of the host: pids of another boot are meaningless. */
export const bootId = (): string => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

/**
 * @param stat content of /proc/<pid>/stat
 * @returns undefined for malformed content, and for a zombie, which no longer runs
 */
export function parseStat(stat: string): ProcessId | undefined {
  // The second field is the command in parentheses, which may itself contain parentheses and spaces.
  const pid = Number.parseInt(stat, 10)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const startTime = fields[22 - 3]
  if (!(pid > 0) || !startTime || !/^\d+$/.test(startTime) || fields[0] === 'Z') return undefined
  return { pid, startTime }
}

/** The running process with a pid. */
export function findProcess(pid: number): ProcessId | undefined {
  try {
    return parseStat(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined // no such process, or it ended meanwhile
  }
}

export const isAlive = (id: ProcessId): boolean => findProcess(id.pid)?.startTime === id.startTime

/** State of a process; `stopped` by SIGSTOP or the terminal. */
export function processState(id: ProcessId): 'running' | 'stopped' | 'gone' {
  try {
    const stat = fs.readFileSync(`/proc/${id.pid}/stat`, 'utf8')
    if (parseStat(stat)?.startTime !== id.startTime) return 'gone'
    return /^[Tt]$/.test(stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '') ? 'stopped' : 'running'
  } catch {
    return 'gone'
  }
}

/** The ID of this process. */
export function thisProcess(): ProcessId {
  const id = findProcess(process.pid)
  if (!id) throw new Error('/proc does not know this process')
  return id
}

export const isThisProcess = (id: ProcessId): boolean => id.pid === process.pid && isAlive(id)

/** The kernel sends no event for processes that are not children, so killed ones are polled. */
const POLL_MS = 5

/** A killed process ends at once, unless it is blocked on a file system that does not respond. */
const KILL_TIMEOUT_MS = 30_000

/**
 * Sends SIGKILL to processes, and returns when they have ended.
 * @throws Failure PROCESS_STAYS (exit 4) naming processes that do not end
 */
export async function killProcesses(ids: readonly ProcessId[]): Promise<void> {
  for (const id of ids) {
    if (!isAlive(id)) continue
    try {
      process.kill(id.pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  for (let polls = 0; ids.some(isAlive); polls++) {
    if (polls * POLL_MS > KILL_TIMEOUT_MS) throw stillRunning(ids.filter(isAlive))
    await delay(POLL_MS)
  }
}

const stillRunning = (ids: readonly ProcessId[]) =>
  infrastructureFailure(
    'PROCESS_STAYS',
    `process ${ids.map(({ pid }) => pid).join(', ')} is still running ${KILL_TIMEOUT_MS / 1000} s after SIGKILL`,
    { hint: 'it may be blocked on a file system that does not respond' },
  )
