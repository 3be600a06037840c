import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { isAlive, type ProcessId, thisProcess } from '../host/processes.ts'

/** A process of this program that is logged in on a cluster: a shell, a command, a capture. */
export interface ClusterUser extends ProcessId {
  /** What it does there, as in `shell vm-001`. */
  readonly what: string
}

const USERS = 'users'

/**
 * Records that this process uses a cluster, so that `test` does not replace that one. The record counts as long as the process lives.
 * @param directory of the cluster's records
 */
export function markUse(directory: string, what: string): void {
  const user: ClusterUser = { ...thisProcess(), what }
  const file = path.join(directory, USERS, String(user.pid))
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  fs.writeFileSync(file, JSON.stringify(user), { mode: 0o600 })
  process.once('exit', () => fs.rmSync(file, { force: true }))
}

/** The processes that use a cluster now. */
export function usersOf(directory: string): readonly ClusterUser[] {
  const place = path.join(directory, USERS)
  if (!fs.existsSync(place)) return []
  return fs.readdirSync(place).flatMap(file => {
    const user = readUser(path.join(place, file))
    return user && isAlive(user) ? [user] : []
  })
}

function readUser(file: string): ClusterUser | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as ClusterUser
  } catch {
    return undefined // its process is just writing or removing it
  }
}

/** For messages: `shell vm-001 (process 4711), logs -f (process 4712)` */
export const describeUsers = (users: readonly ClusterUser[]): string =>
  users.map(({ what, pid }) => `${what} (process ${pid})`).join(', ')
