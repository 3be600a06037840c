import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, type Failure } from '../../errors/failure.ts'
import { reasonOf } from '../../host/files.ts'
import { bootId, isAlive, type ProcessId } from '../../host/processes.ts'
import { thisHost } from '../../host/this-host.ts'
import { DEFAULT_CLUSTER_NAME, readClusterName, readDirectories } from '../../settings/settings.ts'
import type { ClusterQuery, Condition } from '../kind.ts'
import { type ClusterRecord, readRecord } from './cluster-record.ts'
import { markedProcesses, recordedAlive, recordedProcesses } from './records.ts'

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

/** Behind a cluster's name in that of its directory, where another host has the plain one. */
const HOST_MARK = '@'

/**
 * The directory of this host's cluster with a name, whether it exists or not. Hosts that share a home have separate
 * clusters: the second host uses another directory.
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
export function findEvenOrphaned(stateDirectory: string, name: string): FoundCluster | undefined {
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
 * The cluster to use when the user names none: the usual one or, if that does not exist, the only one that is running.
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

/** A name for a cluster beside the one that has this name: one that no cluster has. */
export function nameBeside(stateDirectory: string, name: string): string {
  for (let number = 2; ; number++) {
    const beside = `${name.slice(0, 28)}.${number}`
    if (!fs.existsSync(clusterDirectory(stateDirectory, beside))) return beside
  }
}

/** Those of a cluster that run, also where their records were removed. */
export const livingProcesses = (directory: string): readonly ProcessId[] => [
  ...recordedAlive(directory),
  ...(markedProcesses(path.dirname(directory)).get(path.basename(directory)) ?? []),
]

/** A process of a cluster by its name, if it lives. */
export const processNamed = (directory: string, name: string): ProcessId | undefined =>
  recordedProcesses(directory).find(record => record.name === name && isAlive(record.id))?.id

/**
 * The name of a cluster that runs: the one that the user names, else the usual one, else the only one that there is.
 * @throws Failure BAD_VALUE (exit 2) for an invalid name
 */
export function runningName({ options, environment }: Pick<ClusterQuery, 'options' | 'environment'>): string {
  const name = readClusterName(options, environment)
  const isNamed = options.__name !== undefined || environment.XCLUSTER_NETNS_NAME || environment.__name
  return isNamed ? name : meantCluster(readDirectories(environment).state, DEFAULT_CLUSTER_NAME)
}

/** The nodes that are recorded of a cluster; none where it does not run. */
export function recordedNodes(query: ClusterQuery): readonly string[] {
  const found = findCluster(readDirectories(query.environment).state, runningName(query))
  if (!found?.record || found.condition === 'abandoned') return []
  return found.record.nodes.map(({ name }) => name)
}
