import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure } from '../../errors/failure.ts'
import { withLock } from '../../host/lock.ts'
import { bootId, isThisProcess, killProcesses, thisProcess } from '../../host/processes.ts'
import { thisHost } from '../../host/this-host.ts'
import { describeUsers, usersOf } from '../users.ts'
import { type ClusterRecord, updateRecord, writeRecord } from './cluster-record.ts'
import {
  clusterDirectory,
  type FoundCluster,
  findEvenOrphaned,
  livingProcesses,
  requireCluster,
} from './find-clusters.ts'
import { makeStateDirectory } from './state-directory.ts'

const lockFile = (stateDirectory: string) => path.join(stateDirectory, 'lock')

export interface ClaimOptions {
  readonly kind?: ClusterRecord['kind']
  /** Stop a cluster of the same name even while it is in use. */
  readonly replace?: boolean
  /** Called when a cluster that was left running is stopped. */
  readonly onNotice?: (line: string) => void
}

/**
 * Creates the directory of a new cluster, owned by this process. First stops a cluster of the same name that is
 * abandoned or was left running.
 * @returns the directory, which contains only the record
 * @throws Failure CLUSTER_IN_USE or STATE_NOT_WRITABLE (exit 3)
 */
export async function claimCluster(
  stateDirectory: string,
  name: string,
  hostKey: string,
  { kind, replace = false, onNotice = () => {} }: ClaimOptions = {},
): Promise<string> {
  makeStateDirectory(stateDirectory)
  return await withLock(lockFile(stateDirectory), async () => {
    const found = findEvenOrphaned(stateDirectory, name)
    if (found) {
      if (!replace) requireUnused(found)
      await destroy(found)
      if (found.condition !== 'abandoned') onNotice(`stopped cluster '${name}', running since ${found.record?.created}`)
    }
    const directory = clusterDirectory(stateDirectory, name)
    fs.mkdirSync(directory, { mode: 0o700 })
    writeRecord(directory, {
      name,
      host: thisHost(),
      bootId: bootId(),
      owner: thisProcess(),
      kept: false,
      created: new Date().toISOString(),
      nodes: [],
      hostKey,
      ...(kind && { kind }),
    })
    return directory
  })
}

/**
 * Makes this process the owner of a cluster that was left running.
 * @throws Failure NO_CLUSTER or CLUSTER_IN_USE (exit 3)
 */
export async function adoptCluster(
  stateDirectory: string,
  name: string,
): Promise<FoundCluster & { record: ClusterRecord }> {
  makeStateDirectory(stateDirectory)
  return await withLock(lockFile(stateDirectory), async () => {
    const found = requireCluster(stateDirectory, name)
    if (found.condition === 'in use') throw inUse(found)
    updateRecord(found.directory, { owner: thisProcess() })
    return found
  })
}

/** @throws Failure CLUSTER_IN_USE (exit 3) when a run owns the cluster, or users are logged in */
function requireUnused(found: FoundCluster): void {
  if (found.condition === 'in use') throw inUse(found)
  const users = usersOf(found.directory)
  if (users.length === 0) return
  throw environmentFailure('CLUSTER_IN_USE', `cluster '${found.name}' is in use: ${describeUsers(users)}`, {
    hint: IN_USE_HINT,
  })
}

const IN_USE_HINT =
  'wait for it, start another one beside it with --name <another name>, or stop it all the same with --replace'

const inUse = (found: FoundCluster) =>
  environmentFailure('CLUSTER_IN_USE', `cluster '${found.name}' is in use by process ${found.record?.owner.pid}`, {
    hint: IN_USE_HINT,
  })

/**
 * Renames a running cluster of this process.
 * @returns false when a cluster has that name
 */
export async function renameCluster(stateDirectory: string, from: string, to: string): Promise<boolean> {
  return await withLock(lockFile(stateDirectory), async () => {
    const [before, after] = [clusterDirectory(stateDirectory, from), clusterDirectory(stateDirectory, to)]
    if (fs.existsSync(after)) return false
    fs.renameSync(before, after)
    updateRecord(after, { name: to })
    return true
  })
}

/**
 * Ends the processes of a cluster and removes its directory.
 * @param which `abandoned`: only if its owner has ended; `own`: only if this process owns it
 * @returns false when no such cluster exists
 */
export async function destroyCluster(
  stateDirectory: string,
  name: string,
  which: 'any' | 'abandoned' | 'own',
): Promise<boolean> {
  if (!findEvenOrphaned(stateDirectory, name)) return false
  return await withLock(lockFile(stateDirectory), async () => {
    const found = findEvenOrphaned(stateDirectory, name)
    if (!found || !isMeant(found, which)) return false
    await destroy(found)
    return true
  })
}

function isMeant({ condition, record }: FoundCluster, which: 'any' | 'abandoned' | 'own'): boolean {
  if (which === 'abandoned') return condition === 'abandoned'
  return which === 'any' || !record || isThisProcess(record.owner)
}

async function destroy({ directory, processes }: FoundCluster): Promise<void> {
  await killProcesses([...processes, ...livingProcesses(directory)])
  // A process that is starting may still write its record; then it exits without a directory.
  fs.rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
}
