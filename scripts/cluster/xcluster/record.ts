import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure } from '../../errors/failure.ts'
import { withLock } from '../../host/lock.ts'
import { bootId, isAlive, isThisProcess, type ProcessId, thisProcess } from '../../host/processes.ts'
import { replaceFile } from '../../host/replace-file.ts'
import { describeUsers, usersOf } from '../users.ts'

/** The record of the cluster that a run started on the user's xcluster, which has only one. */
export interface XclusterRecord {
  readonly bootId: string
  /** The process that runs tests on it. */
  readonly owner: ProcessId
  /** Left running on purpose. */
  readonly kept: boolean
  /** ISO 8601 */
  readonly created: string
  /** $XCLUSTER, with `exports` as the environment for stopping the cluster. */
  readonly command: string
  readonly exports: Readonly<Record<string, string>>
}

const IN_USE_HINT = 'wait for it to end, or stop it with --replace'

const RECORD = 'cluster.json'

/** The directory with the record and the users of the cluster. */
export const xclusterDirectory = (stateDirectory: string): string => path.join(stateDirectory, 'xcluster')

/** The record of the cluster that a run of this program started since the host booted; undefined when there is none. */
export function findXclusterRecord(stateDirectory: string): XclusterRecord | undefined {
  try {
    const text = fs.readFileSync(path.join(xclusterDirectory(stateDirectory), RECORD), 'utf8')
    const record = JSON.parse(text) as XclusterRecord
    return record.bootId === bootId() ? record : undefined
  } catch {
    return undefined // missing, or cut off because its owner died
  }
}

/** @throws Failure CLUSTER_IN_USE (exit 3) when another run owns xcluster's cluster, or other commands use it */
export function requireXclusterUnused(stateDirectory: string): void {
  const owner = findXclusterRecord(stateDirectory)?.owner
  const isOwned = owner !== undefined && isAlive(owner) && !isThisProcess(owner)
  const users = usersOf(xclusterDirectory(stateDirectory))
  if (!isOwned && users.length === 0) return
  const by = isOwned ? ` by process ${owner.pid}` : `: ${describeUsers(users)}`
  throw environmentFailure('CLUSTER_IN_USE', `xcluster's cluster is in use${by}`, { hint: IN_USE_HINT })
}

/**
 * Makes this process the owner of xcluster's cluster.
 * @param replace even while another run or command uses it
 * @throws Failure CLUSTER_IN_USE (exit 3)
 */
export async function claimXcluster(
  stateDirectory: string,
  call: Pick<XclusterRecord, 'command' | 'exports'>,
  replace: boolean,
): Promise<void> {
  const directory = xclusterDirectory(stateDirectory)
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
  await withLock(path.join(stateDirectory, 'lock'), async () => {
    if (!replace) requireXclusterUnused(stateDirectory)
    const owner = thisProcess()
    write(directory, { ...call, bootId: bootId(), owner, kept: false, created: new Date().toISOString() })
  })
}

/**
 * Makes this process the owner of xcluster's running cluster; other commands may keep using it.
 * @throws Failure CLUSTER_IN_USE (exit 3) when another run owns it
 */
export async function adoptXcluster(
  stateDirectory: string,
  call: Pick<XclusterRecord, 'command' | 'exports'>,
): Promise<void> {
  const owner = findXclusterRecord(stateDirectory)?.owner
  await claimXcluster(stateDirectory, call, !(owner && isAlive(owner)))
}

/** Records that the cluster is left running. */
export function markXclusterKept(stateDirectory: string): void {
  const record = findXclusterRecord(stateDirectory)
  if (record && isThisProcess(record.owner)) write(xclusterDirectory(stateDirectory), { ...record, kept: true })
}

/** Removes the record of a stopped cluster. */
export const removeXclusterRecord = (stateDirectory: string): void =>
  fs.rmSync(path.join(xclusterDirectory(stateDirectory), RECORD), { force: true })

function write(directory: string, record: XclusterRecord): void {
  replaceFile(path.join(directory, RECORD), `${JSON.stringify(record, undefined, 2)}\n`)
}
