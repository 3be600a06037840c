import type { Settings } from '../../settings/settings.ts'
import type { Cluster } from '../cluster.ts'
import type { ClusterOperations, ClusterStatus, ResolvedCluster } from '../kind.ts'
import { type FoundCluster, processNamed, recordedNodes } from './find-clusters.ts'

// Loaded on demand: `status` and completion list clusters without a login.
const entering = () => import('./entering.ts')
const stopping = () => import('./stopping.ts')

/** The common operations on clusters that this program started on this host. */
export const ownOperations: Pick<ClusterOperations, 'nodes' | 'enter' | 'consoles' | 'stop' | 'stopAll'> = {
  nodes: async query => recordedNodes(query),
  enter: async (target, query) => await (await entering()).enter(target, query),
  consoles: async query => (await entering()).findConsoles(query),
  stop: async request => await (await stopping()).stop(request),
  stopAll: async request => await (await stopping()).stopAll(request),
}

/** Loads the code that starts nodes on demand. */
export const resolved = (
  settings: Settings,
  kind: string,
  load: () => Promise<(settings: Settings) => Cluster>,
): ResolvedCluster => ({
  settings,
  cluster: {
    kind,
    prepare: async request => await (await load())(settings).prepare?.(request),
    start: async request => await (await load())(settings).start(request),
    attach: async request => await (await load())(settings).attach(request),
  },
  logInOnAll: async signal => await (await entering()).logInOnAll(settings, signal),
})

/** A cluster as `status` shows it. */
export const describeCluster = ({ name, directory, condition, record, processes }: FoundCluster): ClusterStatus => ({
  kind: record?.kind ?? 'embedded',
  name,
  condition,
  created: record?.created,
  host: record?.host?.name,
  owner: condition === 'in use' ? record?.owner.pid : undefined,
  nodes: (record?.nodes ?? []).map(node => ({
    ...node,
    running: condition === 'on another host' || processNamed(directory, node.name) !== undefined,
  })),
  processes: processes.map(process => process.pid),
})
