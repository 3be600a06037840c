import type { RunningCluster } from '../cluster/cluster.ts'
import { Failure } from '../errors/failure.ts'
import type { HeldCluster } from './held.ts'
import { neighborEntries } from './neighbors.ts'
import type { PlannedTest, RunRequest } from './plan.ts'

/** Starts the cluster of a test, or attaches to a running one. Stops the retained cluster if both do not fit. */
export async function beginCluster(
  { test, settings, cluster }: PlannedTest,
  held: HeldCluster,
  { extraOvls, emit, signal }: RunRequest,
): Promise<RunningCluster> {
  const kernel = { kinds: test.needs.kinds ?? [], neighbors: neighborEntries(test, settings) }
  const { ovl } = test
  const isExtra = ovl && !extraOvls.some(({ directory }) => directory === ovl.directory)
  const begin = { test: test.name, extraOvls: isExtra ? [...extraOvls, ovl] : extraOvls, kernel, emit, signal }
  if (!settings.cluster.start) return await cluster.attach(begin)
  await held.makeRoomFor(cluster)
  if (!held.isThere) return await cluster.start(begin)
  try {
    return await cluster.start({ ...begin, beside: true })
  } catch (error) {
    if (!(error instanceof Failure && ROOM.includes(error.code))) throw error
    await held.stop(error.message)
    return await cluster.start(begin)
  }
}

/** Errors on a host that cannot run two clusters at a time. */
const ROOM = ['NO_MEMORY', 'LIMIT_TOO_LOW']
