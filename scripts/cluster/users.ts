import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { isAlive, type ProcessId, thisProcess } from '../host/processes.ts'

/** A process of this program that uses a cluster: a shell, a command, a capture. */
export interface ClusterUser extends ProcessId {
  /** Its command: `shell vm-001`. */
  readonly what: string
}

const USERS = 'users'

/**
 * Records that this process uses a cluster, so that `test` does not replace it. The record is valid as long as the
 * process runs.
 * @param directory the cluster's records
 */
export function markUse(directory: string, what: string): void {
  const user: ClusterUser = { ...thisProcess(), what }
  const file = path.join(directory, USERS, String(user.pid))
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  fs.writeFileSync(file, JSON.stringify(user), { mode: 0o600 })
  process.once('exit', () => fs.rmSync(file, { force: true }))
}

/** The running processes that use a cluster. */
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
    return undefined // being written or removed by its process
  }
}

/** As in `shell vm-001 (process 4711), logs -f (process 4712)` */
export const describeUsers = (users: readonly ClusterUser[]): string =>
  users.map(({ what, pid }) => `${what} (process ${pid})`).join(', ')
