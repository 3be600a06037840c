import { readDirectories } from '../../settings/settings.ts'
import type { ClusterOperations } from '../kind.ts'
import { logInOnAll } from '../own/entering.ts'
import { findClusters } from '../own/find-clusters.ts'
import { describeCluster, ownOperations } from '../own/operations.ts'
import { resolveSettings } from '../own/settings.ts'
import { preparation } from './preparation.ts'

/** What can be done with clusters of VMs of our own. */
export const operations: ClusterOperations = {
  ...ownOperations,
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
  scaling: {
    add: async (...words) => await (await import('./scale.ts')).scaleOut(...words),
    remove: async (...words) => await (await import('./scale.ts')).scaleIn(...words),
  },
  preparation,
}
