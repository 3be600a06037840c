import fs from 'node:fs'
import process from 'node:process'
import { environmentFailure } from '../errors/failure.ts'
import { pidsRoom } from './control-groups.ts'

/** What a task takes; what is missing does not matter. */
export interface Needs {
  /** Files that one process has open. */
  readonly openFiles?: number
  /** Bytes of the largest file. */
  readonly fileBytes?: number
  /** Processes and threads that are started. */
  readonly processes?: number
}

/** Lines of /proc/<pid>/limits (proc(5)), and how the shell sets each. */
const LIMITS = {
  openFiles: { line: 'Max open files', what: 'open files', option: '-n' },
  fileBytes: { line: 'Max file size', what: 'the size of a file', option: '-f' },
  processes: { line: 'Max processes', what: 'processes of a user', option: '-u' },
} as const

type Limit = keyof typeof LIMITS

/** Above this a limit of processes is none that anybody reaches: then those that run are not counted. */
const MANY_PROCESSES = 8192

/**
 * Refuses what the limits of this process do not allow: past a limit programs hang, or end in ways that say nothing.
 * @param text of /proc/self/limits
 * @throws Failure LIMIT_TOO_LOW (exit 3) that names the limit, what it is and what is needed
 */
export function requireLimits(needs: Needs, text = fs.readFileSync('/proc/self/limits', 'utf8')): void {
  for (const limit of Object.keys(LIMITS) as Limit[]) {
    const needed = needs[limit]
    if (needed === undefined) continue
    const most = softLimit(text, LIMITS[limit].line)
    if (limit === 'processes') requireProcesses(needed, most)
    else if (most < needed) throw tooLow(limit, most, needed, '')
  }
}

function requireProcesses(needed: number, most: number): void {
  const room = pidsRoom()
  if (room < needed) {
    throw environmentFailure(
      'LIMIT_TOO_LOW',
      `about ${needed} processes and threads are needed, and the control group of this process allows ${room} more`,
      { hint: 'raise its limit: pids.max, or --pids-limit of the container' },
    )
  }
  // The kernel exempts root.
  if (process.getuid?.() === 0 || most > MANY_PROCESSES) return
  const running = tasksOfUser()
  if (most - running < needed) throw tooLow('processes', most, needed + running, `, of which ${running} run`)
}

function tooLow(limit: Limit, most: number, needed: number, why: string) {
  const { what, option } = LIMITS[limit]
  return environmentFailure(
    'LIMIT_TOO_LOW',
    `the limit of ${what} is ${show(limit, most)}${why}, and about ${show(limit, needed)} are needed`,
    { hint: `ulimit ${option} raises it` },
  )
}

const show = (limit: Limit, value: number): string =>
  limit.endsWith('Bytes') ? `${Math.floor(value / 2 ** 20)} MiB` : String(value)

function softLimit(text: string, line: string): number {
  const value = new RegExp(`^${line} +(\\S+)`, 'm').exec(text)?.[1]
  return value === undefined || value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value)
}

/** Processes and threads of this user, as far as /proc shows them. */
function tasksOfUser(): number {
  const user = process.getuid?.()
  let tasks = 0
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const status = fs.readFileSync(`/proc/${name}/status`, 'utf8')
      if (Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]) === user)
        tasks += Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 1)
    } catch {
      // ended meanwhile
    }
  }
  return tasks
}
