import process from 'node:process'
import { usageFailure } from '../errors/failure.ts'
import { callersEnvironment } from '../host/environment.ts'
import { POD_DIRECTORIES } from '../settings/pod-facts.ts'
import { capture, type Node } from '../ssh/node.ts'
import { chooseKind } from './choose.ts'
import type { ClusterOperations, ClusterQuery } from './kind.ts'
import { namespaceOf } from './targets.ts'

/** Values of the options `--name` and `--cluster`. */
export interface ClusterChoice {
  readonly name?: string
  readonly cluster?: string
}

/**
 * Finds the requested running cluster.
 * @param use the command that uses one of its nodes: `shell vm-001`
 */
export async function clusterOf(
  { name, cluster }: ClusterChoice,
  signal: AbortSignal,
  use?: string,
): Promise<{ readonly kind: ClusterOperations; readonly query: ClusterQuery }> {
  const options = { __name: name, __cluster: cluster }
  const kind = await chooseKind(options, callersEnvironment).load()
  return { kind, query: { options, environment: callersEnvironment, signal, ...(use !== undefined && { use }) } }
}

/**
 * Logs in on the node of a target, calls `use`, and closes the connection.
 * @param target name of a node or POD
 * @param signal `use` is not called when it is aborted before the login
 * @throws the signal's reason; Failure NO_CLUSTER (exit 3), NO_SUCH_NODE or NO_SUCH_POD (exit 2) naming those that
 *   exist, SSH_REFUSED (exit 4)
 */
export async function onTarget<T>(
  target: string,
  choice: ClusterChoice,
  signal: AbortSignal,
  use: (node: Node) => Promise<T>,
): Promise<T> {
  const { kind, query } = await clusterOf(choice, signal, `${process.argv[2]} ${target}`)
  const node = await kind.enter(target, query)
  try {
    if (target !== node.name) await requirePod(node, target)
    signal.throwIfAborted()
    return await use(node)
  } finally {
    node.connection.close()
  }
}

async function requirePod(node: Node, target: string): Promise<void> {
  const { stdout } = await capture(node, ['ls', POD_DIRECTORIES.net])
  const pods = stdout.toString().split('\n').filter(Boolean)
  if (pods.includes(namespaceOf(node.name, target))) return
  throw usageFailure('NO_SUCH_POD', `'${target}' is not a POD of ${node.name}`, {
    hint: pods.length > 0 ? `its PODs are ${pods.join(' ')}` : 'it has no PODs: netns_test create creates them',
  })
}
