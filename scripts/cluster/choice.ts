import process from 'node:process'
import { usageFailure } from '../errors/failure.ts'
import { callersEnvironment } from '../host/environment.ts'
import { POD_DIRECTORIES } from '../settings/pod-facts.ts'
import { capture, type Node } from '../ssh/node.ts'
import { chooseKind } from './choose.ts'
import type { ClusterOperations, ClusterQuery } from './kind.ts'
import { namespaceOf } from './targets.ts'

/** What the options `--name` and `--cluster` say. */
export interface ClusterChoice {
  readonly name?: string
  readonly cluster?: string
}

/**
 * The running cluster that is meant.
 * @param use for what a node of it is used
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
 * Logs in on the VM of a target, does something there, and closes the connection.
 * @param target a VM's name, or a POD's
 * @param signal aborted before something is done there, it is not done
 * @throws the signal's reason; Failure NO_CLUSTER (exit 3), NO_SUCH_NODE or NO_SUCH_POD (exit 2) naming those that exist, SSH_REFUSED (exit 4)
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
  throw usageFailure('NO_SUCH_POD', `'${target}' is no POD of ${node.name}`, {
    hint: pods.length > 0 ? `its PODs are ${pods.join(' ')}` : 'it has no PODs: netns_test create makes them',
  })
}
