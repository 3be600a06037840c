import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, type Failure, infrastructureFailure } from '../../errors/failure.ts'
import { makePrivateDirectory } from '../../host/directories.ts'
import { withLock } from '../../host/lock.ts'
import { reasonOf } from '../../host/places.ts'
import { bootId, end, isAlive, isThisProcess, type ProcessId, thisProcess } from '../../host/processes.ts'
import { replaceFile } from '../../host/replace-file.ts'
import { type HostRecord, thisHost } from '../../host/this-host.ts'
import type { Role } from '../../settings/nodes.ts'
import type { Condition } from '../kind.ts'
import { describeUsers, usersOf } from '../users.ts'
import { markedProcesses, recordedAlive, recordedProcesses } from './records.ts'

/** A node as other processes need to know it. */
export interface NodeRecord {
  readonly name: string
  readonly number: number
  readonly role: Role
  /** A VM's ssh listens there, on 127.0.0.1; that of a node of namespaces on a socket in the cluster's directory. */
  readonly port?: number
}

/** What is written down about a cluster, in `cluster.json` of its directory. */
export interface ClusterRecord {
  readonly name: string
  readonly host: HostRecord
  readonly bootId: string
  /** The process that runs tests on it. */
  readonly owner: ProcessId
  /** True when it was left running on purpose. */
  readonly kept: boolean
  /** ISO 8601 */
  readonly created: string
  /** Empty until all are up. */
  readonly nodes: readonly NodeRecord[]
  /** The nodes' host key: the public key blob of RFC 4253, in base64. */
  readonly hostKey: string
  /** The nodes are namespaces of this host; VMs when missing. */
  readonly kind?: 'namespaces'
}

/** A cluster directory as it was found. */
export interface FoundCluster {
  readonly name: string
  readonly directory: string
  readonly condition: Exclude<Condition, 'running'>
  /** Missing when its owner died before it could write. */
  readonly record: ClusterRecord | undefined
  /** Of its VMs and switches, those that live. */
  readonly processes: readonly ProcessId[]
}

const RECORD = 'cluster.json'

const lockFile = (stateDirectory: string) => path.join(stateDirectory, 'lock')
/** Behind a cluster's name in that of its directory, where another host has the plain one. */
const HOST_MARK = '@'
/**
 * The directory of this host's cluster of a name, whether it exists or not. Hosts that share a home each have clusters of their own: who
 * comes second gets another directory.
 */
export function clusterDirectory(stateDirectory: string, name: string): string {
  const directory = path.join(stateDirectory, 'clusters', name)
  const own = `${directory}${HOST_MARK}${thisHost().key}`
  return fs.existsSync(own) || isElsewhere(readRecord(directory)) ? own : directory
}

const isElsewhere = (record: ClusterRecord | undefined): boolean =>
  record?.host !== undefined && record.host.key !== thisHost().key

/**
 * The clusters of this user, those included whose directory was removed while processes of theirs run.
 * @throws Failure STATE_NOT_READABLE (exit 3)
 */
export function findClusters(stateDirectory: string): readonly FoundCluster[] {
  const clusters = path.join(stateDirectory, 'clusters')
  let names: string[] = []
  try {
    names = fs.readdirSync(clusters)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw environmentFailure('STATE_NOT_READABLE', `cannot read ${stateDirectory}: ${reasonOf(error)}`, {
        hint: 'set XDG_STATE_HOME to a directory of yours',
        cause: error,
      })
  }
  const all = [...new Set([...names, ...markedProcesses(clusters).keys()])].sort()
  return all.map(name => examine(path.join(clusters, name)))
}

/** This host's cluster of a name, if there is one, whatever its condition. */
export function findCluster(stateDirectory: string, name: string): FoundCluster | undefined {
  const directory = clusterDirectory(stateDirectory, name)
  return fs.existsSync(directory) ? examine(directory) : undefined
}

/** Also one of which nothing but processes is left. */
function findEvenOrphaned(stateDirectory: string, name: string): FoundCluster | undefined {
  const found = examine(clusterDirectory(stateDirectory, name))
  return found.processes.length > 0 || fs.existsSync(found.directory) ? found : undefined
}

function examine(directory: string): FoundCluster {
  const [name = ''] = path.basename(directory).split(HOST_MARK)
  const record = readRecord(directory)
  if (isElsewhere(record)) return { name, directory, condition: 'on another host', record, processes: [] }
  const sameBoot = record?.bootId === bootId()
  // Without a readable record they stand for themselves.
  const processes = sameBoot ? recordedAlive(directory) : record ? [] : livingProcesses(directory)
  let condition: FoundCluster['condition'] = 'abandoned'
  if (record && sameBoot) {
    if (isAlive(record.owner)) condition = 'in use'
    else if (record.kept && processes.length > 0) condition = 'kept'
  }
  return { name, directory, condition, record, processes }
}

/** What a cluster is claimed as, and how one of the same name that runs already is treated. */
export interface ClaimOptions {
  readonly kind?: ClusterRecord['kind']
  /** Stop it even while it is in use. */
  readonly replace?: boolean
  /** Gets a line when one was stopped that somebody had kept. */
  readonly onNotice?: (line: string) => void
}

/**
 * Makes the directory of a new cluster, owned by this process. An abandoned one of this name is stopped first, and so is one that a
 * finished run left running.
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

/** Names those that run instead. */
export function noCluster(stateDirectory: string, name: string): Failure {
  const running = runningNames(stateDirectory)
  return environmentFailure('NO_CLUSTER', `no cluster '${name}' is running`, {
    hint:
      running.length > 0
        ? `running: ${running.join(', ')}: choose one with --name <name>`
        : 'start one with: netns.ts test start',
  })
}

const runningNames = (stateDirectory: string): readonly string[] =>
  findClusters(stateDirectory)
    .filter(({ condition }) => condition === 'in use' || condition === 'kept')
    .map(({ name }) => name)

/**
 * The name of the cluster that is meant where the user names none: the usual one, or, where that is not there, the only one that runs.
 * @param usual its name
 */
export function meantCluster(stateDirectory: string, usual: string): string {
  if (findCluster(stateDirectory, usual)) return usual
  const [only = usual, ...others] = runningNames(stateDirectory)
  return others.length === 0 ? only : usual
}

/**
 * The cluster of this name with its record.
 * @throws Failure NO_CLUSTER (exit 3)
 */
export function requireCluster(stateDirectory: string, name: string): FoundCluster & { record: ClusterRecord } {
  const found = findCluster(stateDirectory, name)
  if (!found?.record || found.condition === 'abandoned') {
    throw noCluster(stateDirectory, name)
  }
  return { ...found, record: found.record }
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

/** Writes down what changed about a cluster that this process owns. */
export function updateRecord(directory: string, change: Partial<ClusterRecord>): void {
  const record = readRecord(directory)
  if (!record) throw damaged(directory)
  writeRecord(directory, { ...record, ...change })
}

/** Whether a cluster still is this process's: somebody may have stopped or replaced it meanwhile. */
export function isOwn(directory: string): boolean {
  const record = readRecord(directory)
  return record !== undefined && isThisProcess(record.owner)
}

/** A name for a cluster beside the one that has this name: one that no cluster has. */
export function nameBeside(stateDirectory: string, name: string): string {
  for (let number = 2; ; number++) {
    const beside = `${name.slice(0, 28)}.${number}`
    if (!fs.existsSync(clusterDirectory(stateDirectory, beside))) return beside
  }
}

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
 * @throws Failure CLUSTER_DAMAGED (exit 4) when this process does not own the cluster any more, or its record cannot be read
 */
export function requireOwnCluster(directory: string): void {
  if (!isOwn(directory)) throw damaged(directory)
}

const damaged = (directory: string) =>
  infrastructureFailure('CLUSTER_DAMAGED', `${path.join(directory, RECORD)} is gone, damaged or another run's`, {
    hint: 'it must be left alone while a cluster runs; netns.ts stop --all ends what is left',
  })

/**
 * Ends the processes of a cluster and removes its directory.
 * @param which `abandoned`: only if its owner is gone; `own`: only if this process owns it, since another run may have replaced it
 * @returns false when there was none such
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

/** Those of a cluster that run, also where their records were removed. */
const livingProcesses = (directory: string): readonly ProcessId[] => [
  ...recordedAlive(directory),
  ...(markedProcesses(path.dirname(directory)).get(path.basename(directory)) ?? []),
]

async function destroy({ directory, processes }: FoundCluster): Promise<void> {
  await end([...processes, ...livingProcesses(directory)])
  // A process that was just being started may still write its id. It finds no directory to run in then, and ends by itself.
  fs.rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
}

function makeStateDirectory(stateDirectory: string): void {
  try {
    makePrivateDirectory(path.join(stateDirectory, 'clusters'))
    makePrivateDirectory(stateDirectory)
    fs.accessSync(path.join(stateDirectory, 'clusters'), fs.constants.W_OK)
  } catch (error) {
    throw stateNotWritable(stateDirectory, error)
  }
}

const stateNotWritable = (stateDirectory: string, error: unknown) =>
  environmentFailure('STATE_NOT_WRITABLE', `cannot write to ${stateDirectory}: ${reasonOf(error)}`, {
    hint: 'set XDG_STATE_HOME to a directory of yours, with space on its disk',
    cause: error,
  })

/** What a full disk and its like can refuse when a file is made there already. Such errors often do not tell which file it was. */
const DISK_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'])

/**
 * What to throw for an error that came while a cluster was started or used.
 * @returns Failure STATE_NOT_WRITABLE (exit 3) for the system's refusal to write in the state directory, anything else as it is
 */
export function stateFailure(stateDirectory: string, error: unknown): unknown {
  const { code = '', path: file = stateDirectory } = error as NodeJS.ErrnoException
  return DISK_ERRORS.has(code) && file.startsWith(stateDirectory) ? stateNotWritable(stateDirectory, error) : error
}

function readRecord(directory: string): ClusterRecord | undefined {
  try {
    const record = JSON.parse(fs.readFileSync(path.join(directory, RECORD), 'utf8'))
    return isRecord(record) ? record : undefined
  } catch {
    return undefined // its owner died before the first one was written, or somebody damaged it: the condition says so
  }
}

function isRecord(value: unknown): value is ClusterRecord {
  const { name, bootId, owner, nodes, hostKey } = (value ?? {}) as Partial<ClusterRecord>
  const isText = [name, bootId, owner?.startTime, hostKey].every(text => typeof text === 'string')
  return isText && Number.isSafeInteger(owner?.pid) && Array.isArray(nodes) && nodes.every(isNode)
}

const isNode = (node: Partial<NodeRecord> | null) =>
  typeof node?.name === 'string' &&
  Number.isSafeInteger(node.number) &&
  (node.port === undefined || Number.isSafeInteger(node.port))

function writeRecord(directory: string, record: ClusterRecord): void {
  replaceFile(path.join(directory, RECORD), `${JSON.stringify(record, undefined, 2)}\n`)
}

/** A process of a cluster by its name, if it lives. */
export const processNamed = (directory: string, name: string): ProcessId | undefined =>
  recordedProcesses(directory).find(record => record.name === name && isAlive(record.id))?.id
