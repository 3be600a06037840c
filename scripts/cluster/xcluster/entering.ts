import { environmentFailure } from '../../errors/failure.ts'
import { tryStat } from '../../host/files.ts'
import { roleOf } from '../../settings/nodes.ts'
import { readDirectories, type Settings } from '../../settings/settings.ts'
import { Connection } from '../../ssh/connection.ts'
import { allOrNone, type Node } from '../../ssh/node.ts'
import type { ClusterConsoles, ClusterQuery } from '../kind.ts'
import { nodeIn, noSuchNode } from '../targets.ts'
import { markUse } from '../users.ts'
import { logInByName, loginOf, nodeOfConsole, screenDirectory } from './login.ts'
import { xclusterDirectory } from './record.ts'
import { resolveXcluster } from './resolve.ts'

/** Logs in on one node: see {@link ClusterOperations.enter}. */
export async function enter(target: string, { environment, use, signal }: ClusterQuery): Promise<Node> {
  const node = nodeIn(target)
  const role = node && roleOf(node.number)
  if (!role) throw noSuchNode(target, 'of xcluster', 'VMs are named like vm-001')
  if (use) markUse(xclusterDirectory(readDirectories(environment).state), use)
  return { ...node, role, connection: await Connection.open(loginOf(node), { signal }) }
}

/** Logs in on all nodes of the settings. */
export const logInOnAll = ({ cluster }: Settings, signal: AbortSignal): Promise<readonly Node[]> =>
  allOrNone(
    cluster.nodes.map(async ({ name, number, role }) => {
      const connection = await Connection.open(loginOf({ name, number }), { signal })
      return { name, number, role, connection }
    }),
  )

/**
 * Finds the console logs that `screen` writes.
 * @throws Failure NO_CLUSTER (exit 3) without any
 */
export async function findConsoles({ options, environment, signal }: ClusterQuery): Promise<ClusterConsoles> {
  const onLine = (line: string) => process.stderr.write(`${line}\n`)
  const { xcluster } = await resolveXcluster({ options, environment, test: {}, onLine, signal })
  const directory = screenDirectory(xcluster.tmp)
  const usersDirectory = xclusterDirectory(readDirectories(environment).state)
  if (tryStat(directory)) return { directory, nodeOf: nodeOfConsole, logIn: logInByName, usersDirectory }
  throw environmentFailure('NO_CLUSTER', `no consoles of xcluster in ${directory}`, {
    hint: 'they exist after a cluster was started without --xterm',
  })
}
