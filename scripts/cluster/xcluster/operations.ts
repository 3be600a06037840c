import { readDirectories } from '../../settings/settings.ts'
import type { ClusterOperations, ClusterStatus } from '../kind.ts'
import { findXclusterRecord } from './record.ts'
import type { XclusterStatus } from './running.ts'

// Loaded lazily: most users have no xcluster.
const entering = () => import('./entering.ts')
const running = () => import('./running.ts')
const stopping = () => import('./stopping.ts')

/** Operations on the user's xcluster. */
export const operations: ClusterOperations = {
  resolve: async request => {
    const [{ resolveXcluster }, { xclusterCluster }] = await Promise.all([
      import('./resolve.ts'),
      import('./xcluster.ts'),
    ])
    const { settings, xcluster } = await resolveXcluster(request)
    const logInOnAll = async (signal: AbortSignal) => await (await entering()).logInOnAll(settings, signal)
    return { settings, cluster: xclusterCluster(settings, xcluster), logInOnAll }
  },
  list: async environment => {
    const { state } = readDirectories(environment)
    if (!environment.XCLUSTER && !findXclusterRecord(state)) return []
    const found = await (await running()).findXcluster(state)
    return found ? [describe(found)] : []
  },
  names: () => [],
  nodes: async ({ environment }) => {
    const found = await (await running()).findXcluster(readDirectories(environment).state)
    return found?.nodes.map(({ name }) => name) ?? []
  },
  enter: async (target, query) => await (await entering()).enter(target, query),
  consoles: async query => await (await entering()).findConsoles(query),
  stop: async request => await (await stopping()).stop(request),
  stopAll: async request => await (await stopping()).stopAll(request),
}

/** xcluster has a single cluster without a name, and its processes are unknown. */
const describe = (found: XclusterStatus): ClusterStatus => ({
  kind: 'xcluster',
  name: 'xcluster',
  host: undefined,
  ...found,
  processes: [],
})
