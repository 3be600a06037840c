import { readDirectories } from '../../settings/settings.ts'
import type { ClusterOperations, ClusterStatus } from '../kind.ts'
import { enter, findConsoles, logInOnAll, recordedNodes } from './entering.ts'
import { type FoundCluster, findClusters, processNamed } from './find-clusters.ts'
import { preparation } from './preparation.ts'
import { resolveSettings } from './settings.ts'
import { stop, stopAll } from './stopping.ts'

/** What can be done with clusters of VMs of our own. */
export const operations: ClusterOperations = {
  resolve: async request => {
    const settings = await resolveSettings(request)
    const { vmCluster } = await import('./vm.ts')
    return { settings, cluster: vmCluster(settings), logInOnAll: signal => logInOnAll(settings, signal) }
  },
  list: async environment =>
    findClusters(readDirectories(environment).state)
      .filter(({ record }) => record?.kind === undefined)
      .map(describeCluster),
  names: environment => findClusters(readDirectories(environment).state).map(({ name }) => name),
  nodes: async query => recordedNodes(query),
  enter,
  consoles: async query => findConsoles(query),
  stop,
  stopAll,
  preparation,
}

/** A cluster of this host as `status` shows it. */
export const describeCluster = ({ name, directory, condition, record, processes }: FoundCluster): ClusterStatus => ({
  kind: record?.kind ?? 'embedded',
  name,
  condition,
  created: record?.created,
  host: record?.host?.name,
  owner: condition === 'in use' ? record?.owner.pid : undefined,
  // One that has ended is a node that is gone.
  nodes: (record?.nodes ?? []).map(node => ({
    ...node,
    running: condition === 'on another host' || processNamed(directory, node.name) !== undefined,
  })),
  processes: processes.map(process => process.pid),
})
