import type { ClusterOperations, ClusterStatus } from '../kind.ts'
import { enter, findConsoles, recordedNodes } from './entering.ts'
import { type FoundCluster, processNamed } from './find-clusters.ts'
import { stop, stopAll } from './stopping.ts'

/** What can be done with every cluster that this program started on this host, whatever its kind. */
export const ownOperations: Pick<ClusterOperations, 'nodes' | 'enter' | 'consoles' | 'stop' | 'stopAll'> = {
  nodes: async query => recordedNodes(query),
  enter,
  consoles: async query => findConsoles(query),
  stop,
  stopAll,
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
