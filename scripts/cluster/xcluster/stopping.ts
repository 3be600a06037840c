import { environmentFailure } from '../../errors/failure.ts'
import { readDirectories } from '../../settings/settings.ts'
import type { StopRequest } from '../kind.ts'
import { findXclusterRecord, removeXclusterRecord } from './record.ts'
import { resolveXcluster } from './resolve.ts'
import { findXcluster } from './running.ts'
import { stopCluster } from './xcluster.ts'

/**
 * Stops xcluster's cluster, even when another program started it.
 * @throws Failure NO_CLUSTER (exit 3) when none is running, unless only abandoned clusters are to be stopped
 */
export async function stop(request: StopRequest): Promise<void> {
  const isStopped = await stopRunningCluster(request)
  if (!isStopped && request.which === 'any') throw environmentFailure('NO_CLUSTER', 'no xcluster cluster is running')
}

/** Stops xcluster's cluster if this program started it. */
export async function stopAll(request: StopRequest): Promise<void> {
  if (findXclusterRecord(readDirectories(request.environment).state)) await stopRunningCluster(request)
}

/** @returns false when none is running, or it is not abandoned and only abandoned clusters are requested */
async function stopRunningCluster({ environment, which, onLine, signal }: StopRequest): Promise<boolean> {
  const { state } = readDirectories(environment)
  const [found, record] = [await findXcluster(state), findXclusterRecord(state)]
  // VMs that do not respond may still boot, or hang: the record of a run says that they were started.
  const isAbandoned = found ? found.condition === 'abandoned' : record?.kept === false
  if (which === 'abandoned' && !isAbandoned) {
    if (!found) removeXclusterRecord(state)
    return false
  }
  if (!found && !record) {
    removeXclusterRecord(state) // damaged, or of an earlier boot
    return false
  }
  const call = record ?? (await resolveXcluster({ options: {}, environment, test: {}, onLine, signal })).xcluster
  await stopCluster(found?.nodes ?? [], call, onLine)
  removeXclusterRecord(state)
  onLine(found ? "stopped xcluster's cluster" : "stopped xcluster's cluster: none of its VMs responded")
  return true
}
