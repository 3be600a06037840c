import { readDirectories } from '../../settings/settings.ts'
import type { ClusterOperations } from '../kind.ts'
import { findClusters } from '../own/find-clusters.ts'
import { describeCluster, ownOperations, resolved } from '../own/operations.ts'
import { resolveSettings } from '../own/settings.ts'
import { requireKernelFiles } from './kernel-files.ts'

/** Operations on clusters of QEMU VMs. */
export const operations: ClusterOperations = {
  ...ownOperations,
  resolve: async request => {
    const settings = await resolveSettings(request)
    await requireKernelFiles(settings.cluster.guest)
    return resolved(settings, 'embedded', async () => (await import('./vm.ts')).vmCluster)
  },
  list: async environment =>
    findClusters(readDirectories(environment).state)
      .filter(({ record }) => record?.kind === undefined)
      .map(describeCluster),
  names: environment => findClusters(readDirectories(environment).state).map(({ name }) => name),
  scaling: {
    add: async (...words) => await (await import('./scale.ts')).scaleOut(...words),
    remove: async (...words) => await (await import('./scale.ts')).scaleIn(...words),
  },
  preparation: async () => (await import('./preparation.ts')).preparation,
}
