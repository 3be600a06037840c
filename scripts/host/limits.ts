import fs from 'node:fs'
import process from 'node:process'
import { environmentFailure } from '../errors/failure.ts'
import { availableProcesses } from './control-groups.ts'

/** Resources that a task needs; missing ones are not checked. */
export interface Needs {
  readonly openFiles?: number
  /** Size of the largest file in bytes. */
  readonly fileBytes?: number
  readonly processes?: number
}

/** Lines of /proc/<pid>/limits (proc(5)), and the options of `ulimit`. */
const LIMITS = {
  openFiles: { line: 'Max open files', what: 'open files', option: '-n' },
  fileBytes: { line: 'Max file size', what: 'the file size', option: '-f' },
  processes: { line: 'Max processes', what: 'processes of a user', option: '-u' },
} as const

type Limit = keyof typeof LIMITS

/** A higher limit of processes is never reached, so running processes are not counted. */
const MANY_PROCESSES = 8192

/**
 * Checks the limits of this process in advance: programs that exceed one hang, or fail without a reason.
 * @param text content of /proc/self/limits
 * @throws Failure LIMIT_TOO_LOW (exit 3) with the limit and the required value
 */
export function requireLimits(needs: Needs, text = fs.readFileSync('/proc/self/limits', 'utf8')): void {
  for (const limit of Object.keys(LIMITS) as Limit[]) {
    const needed = needs[limit]
    if (needed === undefined) continue
    const value = softLimit(text, LIMITS[limit].line)
    if (limit === 'processes') requireProcesses(needed, value)
    else if (value < needed) throw tooLow(limit, value, needed, '')
  }
}

function requireProcesses(needed: number, value: number): void {
  const room = availableProcesses()
  if (room < needed) {
    throw environmentFailure(
      'LIMIT_TOO_LOW',
      `about ${needed} processes and threads are required, but the control group of this process allows ${room}`,
      { hint: 'raise its limit: pids.max, or --pids-limit of the container' },
    )
  }
  // The kernel exempts root.
  if (process.getuid?.() === 0 || value > MANY_PROCESSES) return
  const running = tasksOfUser()
  if (value - running < needed) throw tooLow('processes', value, needed + running, ` (${running} are running)`)
}

function tooLow(limit: Limit, value: number, needed: number, note: string) {
  const { what, option } = LIMITS[limit]
  return environmentFailure(
    'LIMIT_TOO_LOW',
    `the limit of ${what} is ${show(limit, value)}${note}, but about ${show(limit, needed)} are required`,
    { hint: `raise it with ulimit ${option}` },
  )
}

const show = (limit: Limit, value: number): string =>
  limit.endsWith('Bytes') ? `${Math.floor(value / 2 ** 20)} MiB` : String(value)

function softLimit(text: string, line: string): number {
  const value = new RegExp(`^${line} +(\\S+)`, 'm').exec(text)?.[1]
  return value === undefined || value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value)
}

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
      // The process has ended.
    }
  }
  return tasks
}
