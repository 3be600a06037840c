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

/** The state of a cluster's directory. */
export interface FoundCluster {
  readonly name: string
  readonly directory: string
  readonly condition: Exclude<Condition, 'running'>
  /** Missing when its owner died before it wrote it, or when it is damaged. */
  readonly record: ClusterRecord | undefined
  /** Its running processes. */
  readonly processes: readonly ProcessId[]
}

/** Follows the name of a cluster in that of its directory if another host uses the plain name. */
const HOST_MARK = '@'

/**
 * The directory of this host's cluster with a name, which need not exist. Hosts that share a home directory have
 * separate clusters.
 */
export function clusterDirectory(stateDirectory: string, name: string): string {
  const directory = path.join(stateDirectory, 'clusters', name)
  const own = `${directory}${HOST_MARK}${thisHost().key}`
  return fs.existsSync(own) || isElsewhere(readRecord(directory)) ? own : directory
}

const isElsewhere = (record: ClusterRecord | undefined): boolean =>
  record?.host !== undefined && record.host.key !== thisHost().key

/**
 * This user's clusters, including those whose processes run although their directory was removed.
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
        hint: 'set XDG_STATE_HOME to a directory that you can read',
        cause: error,
      })
  }
  const all = [...new Set([...names, ...markedProcesses(clusters).keys()])].sort()
  return all.map(name => examine(path.join(clusters, name)))
}

/** This host's cluster with a name, in any condition. */
export function findCluster(stateDirectory: string, name: string): FoundCluster | undefined {
  const directory = clusterDirectory(stateDirectory, name)
  return fs.existsSync(directory) ? examine(directory) : undefined
}

/** Like {@link findCluster}, also without a directory. */
export function findEvenOrphaned(stateDirectory: string, name: string): FoundCluster | undefined {
  const found = examine(clusterDirectory(stateDirectory, name))
  return found.processes.length > 0 || fs.existsSync(found.directory) ? found : undefined
}

function examine(directory: string): FoundCluster {
  const [name = ''] = path.basename(directory).split(HOST_MARK)
  const record = readRecord(directory)
  if (isElsewhere(record)) return { name, directory, condition: 'on another host', record, processes: [] }
  const sameBoot = record?.bootId === bootId()
  const processes = sameBoot ? recordedAlive(directory) : record ? [] : livingProcesses(directory)
  let condition: FoundCluster['condition'] = 'abandoned'
  if (record && sameBoot) {
    if (isAlive(record.owner)) condition = 'in use'
    else if (record.kept && processes.length > 0) condition = 'kept'
  }
  return { name, directory, condition, record, processes }
}

/** The error lists the running clusters. */
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
 * The name of the cluster for a command without `--name`: the default one or, if that does not exist, the only running
 * one.
 * @param usual the default name
 */
export function requestedCluster(stateDirectory: string, usual: string): string {
  if (findCluster(stateDirectory, usual)) return usual
  const [only = usual, ...others] = runningNames(stateDirectory)
  return others.length === 0 ? only : usual
}

/** @throws Failure NO_CLUSTER (exit 3) */
export function requireCluster(stateDirectory: string, name: string): FoundCluster & { record: ClusterRecord } {
  const found = findCluster(stateDirectory, name)
  if (!found?.record || found.condition === 'abandoned') {
    throw noCluster(stateDirectory, name)
  }
  return { ...found, record: found.record }
}

/** An unused name for a cluster beside the one with this name. */
export function nameBeside(stateDirectory: string, name: string): string {
  for (let number = 2; ; number++) {
    const beside = `${name.slice(0, 28)}.${number}`
    if (!fs.existsSync(clusterDirectory(stateDirectory, beside))) return beside
  }
}

/** The running processes of a cluster, even if their records were removed. */
export const livingProcesses = (directory: string): readonly ProcessId[] => [
  ...recordedAlive(directory),
  ...(markedProcesses(path.dirname(directory)).get(path.basename(directory)) ?? []),
]

/** The running process with a name. */
export const processNamed = (directory: string, name: string): ProcessId | undefined =>
  recordedProcesses(directory).find(record => record.name === name && isAlive(record.id))?.id

/**
 * The name of the cluster that the user names, the default one, or the only running one.
 * @throws Failure BAD_VALUE (exit 2) for an invalid name
 */
export function runningName({ options, environment }: Pick<ClusterQuery, 'options' | 'environment'>): string {
  const name = readClusterName(options, environment)
  const isNamed = options.__name !== undefined || environment.XCLUSTER_NETNS_NAME || environment.__name
  return isNamed ? name : requestedCluster(readDirectories(environment).state, DEFAULT_CLUSTER_NAME)
}

/** The names of a cluster's nodes; empty when it is not running. */
export function recordedNodes(query: ClusterQuery): readonly string[] {
  const found = findCluster(readDirectories(query.environment).state, runningName(query))
  if (!found?.record || found.condition === 'abandoned') return []
  return found.record.nodes.map(({ name }) => name)
}
