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

/** What a cluster is claimed as, and how one of the same name that runs already is treated. */
export interface ClaimOptions {
  readonly kind?: ClusterRecord['kind']
  /** Stop it even while it is in use. */
  readonly replace?: boolean
  /** Gets a line when one was stopped that somebody had kept. */
  readonly onNotice?: (line: string) => void
}

/**
 * Creates the directory of a new cluster, owned by this process. First stops a cluster of the same name that is abandoned
 * or that a finished run left running.
 * @returns the directory, which holds the record and nothing else
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

/** @throws Failure CLUSTER_IN_USE (exit 3) when a run owns the cluster, or somebody is logged in on it */
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
 * Gives a cluster of this process another name, while it runs.
 * @returns false when it has that name already, or another cluster has it
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
 * @param which `abandoned`: only if its owner is gone; `own`: only if this process owns it, because another run may have
 *   replaced it
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
  // A process that is just starting may still write its id. It then finds no directory to run in, and exits.
  fs.rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
}
