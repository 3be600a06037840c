import { environmentFailure } from '../../errors/failure.ts'
import { readDirectories } from '../../settings/settings.ts'
import type { StopRequest } from '../kind.ts'
import { findXclusterRecord, forgetXcluster } from './record.ts'
import { resolveXcluster } from './resolve.ts'
import { findXcluster } from './running.ts'
import { stopCluster } from './xcluster.ts'

/** Ends xcluster's cluster, whoever started it. */
export async function stop(request: StopRequest): Promise<void> {
  const isStopped = await stopWhatRuns(request)
  if (!isStopped && request.which === 'any') throw environmentFailure('NO_CLUSTER', 'no cluster of xcluster is running')
}

/** Ends it where this program started it. */
export async function stopAll(request: StopRequest): Promise<void> {
  if (findXclusterRecord(readDirectories(request.environment).state)) await stopWhatRuns(request)
}

/** @returns false when there is none, or it is not abandoned and only such a one is meant */
async function stopWhatRuns({ environment, which, onLine, signal }: StopRequest): Promise<boolean> {
  const { state } = readDirectories(environment)
  const found = await findXcluster(state)
  if (!found) {
    forgetXcluster(state)
    return false
  }
  if (which === 'abandoned' && found.condition !== 'abandoned') return false
  const call =
    findXclusterRecord(state) ??
    (await resolveXcluster({ options: {}, environment, test: {}, onLine, signal })).xcluster
  await stopCluster(found.nodes, call, onLine)
  forgetXcluster(state)
  onLine("stopped xcluster's cluster")
  return true
}
