import { type Failure, infrastructureFailure } from '../../errors/failure.ts'
import type { Emit } from '../../events/events.ts'
import { withDeadline } from '../../host/deadline.ts'
import { countOfNodes, type NodePlan } from '../../settings/nodes.ts'
import { allOrNone, type Node } from '../../ssh/node.ts'
import type { NodeRecord } from '../own/cluster-record.ts'
import { consoleTail } from '../own/consoles.ts'
import { logIn } from '../own/login.ts'
import type { World } from './world.ts'

export interface LogInRequest {
  readonly plans: readonly NodePlan[]
  readonly world: World
  readonly clusterDirectory: string
  readonly hostKey: string
  /** For all of them together. */
  readonly timeoutSeconds: number
  readonly emit: Emit
  readonly signal: AbortSignal
}

const CONSOLE_LINES = 10

export const recordOf = ({ name, number, role }: NodePlan): NodeRecord => ({ name, number, role })

/**
 * Logs in on each node of a world as soon as it is up.
 * @throws Failure NODE_NOT_UP (exit 4) naming the nodes, with the last lines of a console; the signal's reason
 */
export async function logInOnNodes(request: LogInRequest): Promise<readonly Node[]> {
  const { plans, world, clusterDirectory, hostKey, timeoutSeconds, emit, signal: parent } = request
  const up = new Set<string>()
  return await withDeadline(
    timeoutSeconds * 1000,
    async ({ signal }) =>
      await allOrNone(
        plans.map(async plan => {
          await world.up(plan.name, signal)
          const node = await logIn(clusterDirectory, recordOf(plan), hostKey, signal)
          up.add(plan.name)
          emit({ type: 'node-up', node: plan.name, up: up.size, of: plans.length })
          return node
        }),
      ),
    { parent, reason: () => notUp(request, up) },
  )
}

function notUp({ plans, clusterDirectory, timeoutSeconds }: LogInRequest, up: ReadonlySet<string>): Failure {
  const missing = plans.filter(({ name }) => !up.has(name)).map(({ name }) => name)
  const [first = ''] = missing
  const lines = consoleTail(clusterDirectory, first, CONSOLE_LINES)
  const console =
    lines.length > 0 ? `\n  the last lines on the console of ${first}:\n    ${lines.join('\n    ')}\n` : ''
  return infrastructureFailure(
    'NODE_NOT_UP',
    `${missing.length} of ${countOfNodes(plans)} did not come up in ${timeoutSeconds} s: ${missing.join(', ')}${console}`,
    { hint: 'a slow host needs more: --timeout <seconds>' },
  )
}
