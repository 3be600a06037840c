import fs from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { infrastructureFailure } from '../errors/failure.ts'

/** A process beyond doubt: the kernel gives a number again, but not with the same start. */
export interface ProcessId {
  readonly pid: number
  /** Clock ticks since boot: field 22 of /proc/<pid>/stat (proc(5)). */
  readonly startTime: string
}

/** The random name that the kernel gave this boot: a process number of another boot means nothing. */
export const bootId = (): string => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

/**
 * @param stat the one line of /proc/<pid>/stat
 * @returns undefined when it is none, or the process is a zombie: that one runs no more
 */
export function parseStat(stat: string): ProcessId | undefined {
  // The second field is the command in parentheses and may hold anything, parentheses and spaces included.
  const pid = Number.parseInt(stat, 10)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const startTime = fields[22 - 3]
  if (!(pid > 0) || !startTime || !/^\d+$/.test(startTime) || fields[0] === 'Z') return undefined
  return { pid, startTime }
}

/** The running process with this number, if there is one. */
export function findProcess(pid: number): ProcessId | undefined {
  try {
    return parseStat(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined // no such process: the file is not there, or went away while it was read
  }
}

export const isAlive = (id: ProcessId): boolean => findProcess(id.pid)?.startTime === id.startTime

/** Whether a process runs, was stopped (by SIGSTOP or a terminal), or is gone. */
export function conditionOf(id: ProcessId): 'runs' | 'stopped' | 'gone' {
  try {
    const stat = fs.readFileSync(`/proc/${id.pid}/stat`, 'utf8')
    if (parseStat(stat)?.startTime !== id.startTime) return 'gone'
    return /^[Tt]$/.test(stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '') ? 'stopped' : 'runs'
  } catch {
    return 'gone'
  }
}

export function thisProcess(): ProcessId {
  const id = findProcess(process.pid)
  if (!id) throw new Error('/proc does not know this process')
  return id
}

export const isThisProcess = (id: ProcessId): boolean => id.pid === process.pid && isAlive(id)

/** How often a killed process is looked for: the kernel has no event for processes that are not our children. */
const LOOK_EVERY_MS = 5

/** A killed process is gone at once, unless it waits for a file system that does not answer. */
const GONE_MS = 30_000

/**
 * Kills processes and returns when they are gone.
 * @param ids may be gone already
 * @throws Failure PROCESS_STAYS (exit 4) naming those that the kernel does not end
 */
export async function end(ids: readonly ProcessId[]): Promise<void> {
  for (const id of ids) {
    if (!isAlive(id)) continue
    try {
      process.kill(id.pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  for (let looks = 0; ids.some(isAlive); looks++) {
    if (looks * LOOK_EVERY_MS > GONE_MS) throw stays(ids.filter(isAlive))
    await delay(LOOK_EVERY_MS)
  }
}

const stays = (ids: readonly ProcessId[]) =>
  infrastructureFailure(
    'PROCESS_STAYS',
    `killed, and still there after ${GONE_MS / 1000} s: process ${ids.map(({ pid }) => pid).join(', ')}`,
    { hint: 'does it wait for a file system that does not answer?' },
  )
