import { readDirectories } from '../../settings/settings.ts'
import type { ClusterOperations } from '../kind.ts'
import { findClusters } from '../own/find-clusters.ts'
import { describeCluster, ownOperations, resolved } from '../own/operations.ts'
import { resolveSettings } from '../own/settings.ts'
import { refuseVmOptions } from './options.ts'

/** Only the start and the host's requirements differ from VMs. */
export const operations: ClusterOperations = {
  ...ownOperations,
  resolve: async request => {
    const settings = await resolveSettings(request, 'namespaces')
    refuseVmOptions(settings.origins)
    return resolved(settings, 'namespaces', async () => (await import('./namespaces.ts')).namespacesCluster)
  },
  list: async environment =>
    findClusters(readDirectories(environment).state)
      .filter(({ record }) => record?.kind === 'namespaces')
      .map(describeCluster),
  // Both kinds share their names, which the kind `vm` lists.
  names: () => [],
  preparation: async () => (await import('./preparation.ts')).preparation,
}
