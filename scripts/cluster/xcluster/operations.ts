import { readDirectories } from '../../settings/settings.ts'
import type { ClusterOperations, ClusterStatus } from '../kind.ts'
import { enter, findConsoles, logInOnAll } from './entering.ts'
import { findXclusterRecord } from './record.ts'
import { resolveXcluster } from './resolve.ts'
import { findXcluster, type XclusterFound } from './running.ts'
import { stop, stopAll } from './stopping.ts'
import { xclusterCluster } from './xcluster.ts'

/** What can be done with the user's xcluster. */
export const operations: ClusterOperations = {
  resolve: async request => {
    const { settings, xcluster } = await resolveXcluster(request)
    const cluster = xclusterCluster(settings, xcluster)
    return { settings, cluster, logInOnAll: signal => logInOnAll(settings, signal) }
  },
  list: async environment => {
    const { state } = readDirectories(environment)
    const found = environment.XCLUSTER || findXclusterRecord(state) ? await findXcluster(state) : undefined
    return found ? [describe(found)] : []
  },
  names: () => [],
  nodes: async ({ environment }) =>
    (await findXcluster(readDirectories(environment).state))?.nodes.map(({ name }) => name) ?? [],
  enter,
  consoles: findConsoles,
  stop,
  stopAll,
}

/** xcluster has one cluster, without a name, and its processes are its own. */
const describe = (found: XclusterFound): ClusterStatus => ({
  kind: 'xcluster',
  name: 'xcluster',
  host: undefined,
  ...found,
  processes: [],
})
