import { environmentFailure } from '../../errors/failure.ts'
import { readDirectories } from '../../settings/settings.ts'
import type { StopRequest } from '../kind.ts'
import { type FoundCluster, findClusters, noCluster, runningName } from './find-clusters.ts'
import { destroyCluster } from './registry.ts'

/**
 * Ends one cluster: see {@link ClusterOperations.stop}.
 * @throws Failure NO_CLUSTER (exit 3) when it is not running, unless only abandoned clusters are to be stopped
 */
export async function stop(request: StopRequest): Promise<void> {
  const { environment, which, onLine } = request
  const { state } = readDirectories(environment)
  const name = runningName(request)
  if (await destroyCluster(state, name, which)) return onLine(`stopped cluster '${name}'`)
  if (which === 'abandoned') return
  const hint = elsewhereHint(state, name)
  if (!hint) throw noCluster(state, name)
  throw environmentFailure('NO_CLUSTER', `no cluster '${name}' is running`, { hint })
}

/** Ends all clusters of this host. */
export async function stopAll({ environment, which, onLine }: StopRequest): Promise<void> {
  const { state } = readDirectories(environment)
  for (const { name, condition, record } of findClusters(state)) {
    if (condition === 'on another host')
      onLine(`cluster '${name}' is on another host, ${record?.host.name}: not stopped`)
    else if (await destroyCluster(state, name, which)) onLine(`stopped cluster '${name}'`)
  }
}

function elsewhereHint(stateDirectory: string, name: string): string | undefined {
  const isElsewhere = (found: FoundCluster) => found.name === name && found.condition === 'on another host'
  const found = findClusters(stateDirectory).find(isElsewhere)
  if (!found) return undefined
  const host = found.record?.host.name
  return `one is on another host, ${host}: stop it there, or remove ${found.directory} if that host is gone`
}
