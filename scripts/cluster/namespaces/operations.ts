import { readDirectories } from '../../settings/settings.ts'
import type { ClusterOperations } from '../kind.ts'
import { logInOnAll } from '../own/entering.ts'
import { findClusters } from '../own/find-clusters.ts'
import { describeCluster, ownOperations } from '../own/operations.ts'
import { resolveSettings } from '../own/settings.ts'
import { refuseVmOptions } from './options.ts'
import { preparation } from './preparation.ts'

/** What can be done with clusters of namespaces: but for their start, and what a host needs for it, the same as with VMs. */
export const operations: ClusterOperations = {
  ...ownOperations,
  resolve: async request => {
    const settings = await resolveSettings(request, 'namespaces')
    refuseVmOptions(settings.origins)
    const { namespacesCluster } = await import('./namespaces.ts')
    return { settings, cluster: namespacesCluster(settings), logInOnAll: signal => logInOnAll(settings, signal) }
  },
  list: async environment =>
    findClusters(readDirectories(environment).state)
      .filter(({ record }) => record?.kind === 'namespaces')
      .map(describeCluster),
  // The names of both kinds are in one place, and those that VMs have are told there.
  names: () => [],
  preparation,
}
