import path from 'node:path'
import { readDirectories, type Settings } from '../../settings/settings.ts'
import { allOrNone, type Node } from '../../ssh/node.ts'
import type { ClusterConsoles, ClusterQuery } from '../kind.ts'
import { nodeIn, noSuchNode } from '../targets.ts'
import { markUse } from '../users.ts'
import { consoleFile, MOST_CONSOLE_BYTES } from './consoles.ts'
import { requestedCluster, requireCluster, runningName } from './find-clusters.ts'
import { logIn } from './login.ts'

/** Logs in on one node: see {@link ClusterOperations.enter}. */
export async function enter(target: string, query: ClusterQuery): Promise<Node> {
  const name = runningName(query)
  const { directory, record } = requireCluster(readDirectories(query.environment).state, name)
  const wanted = nodeIn(target)?.name
  const node = record.nodes.find(candidate => candidate.name === wanted)
  if (!node) {
    const names = record.nodes.map(candidate => candidate.name).join(' ')
    throw noSuchNode(target, `of cluster '${name}'`, `VMs are ${names}`)
  }
  if (query.use) markUse(directory, query.use)
  return await logIn(directory, node, record.hostKey, query.signal)
}

/** Logs in on all nodes of the cluster that the settings name, or of the default one. */
export async function logInOnAll(
  { directories, cluster, origins }: Settings,
  signal: AbortSignal,
): Promise<readonly Node[]> {
  const isNamed = origins.some(({ name, origin }) => name === '__name' && origin !== 'default')
  const name = isNamed ? cluster.name : requestedCluster(directories.state, cluster.name)
  const { directory, record } = requireCluster(directories.state, name)
  return await allOrNone(record.nodes.map(node => logIn(directory, node, record.hostKey, signal)))
}

/** The console files of a running cluster. */
export function findConsoles(query: ClusterQuery): ClusterConsoles {
  const { state } = readDirectories(query.environment)
  const name = runningName(query)
  const { directory } = requireCluster(state, name)
  return {
    directory,
    usersDirectory: directory,
    maxSize: MOST_CONSOLE_BYTES,
    nodeOf: file => {
      const node = path.parse(file).name
      return file === consoleFile(node) ? node : undefined
    },
    logIn: async node => {
      const { record } = requireCluster(state, name)
      const found = record.nodes.find(candidate => candidate.name === node)
      return found && (await logIn(directory, found, record.hostKey)).connection
    },
  }
}
