import type { RunningCluster } from '../cluster/cluster.ts'
import type { Cause, Diagnosis } from '../diagnosis/cause.ts'
import { diagnoseMatrix, diagnoseStep, suspectPods } from '../diagnosis/diagnose.ts'
import { type AllFilters, readFilters } from '../diagnosis/filters.ts'
import { respondingNodes } from '../diagnosis/responding-nodes.ts'
import type { FailedStep } from '../events/events.ts'
import { type Deadline, withDeadline } from '../host/deadline.ts'
import type { NodeFacts } from '../proof/facts.ts'
import type { Matrix } from '../proof/matrix.ts'
import { readNode, type Source } from '../proof/network.ts'
import type { Node } from '../ssh/node.ts'

interface FailureRequest {
  readonly cluster: RunningCluster
  readonly failures: readonly FailedStep[]
  readonly matrix?: Matrix
  readonly signal: AbortSignal
}

/** Limit for reading the state of all nodes. */
const PATIENCE_MS = 10_000
/** How many PODs are searched for filter rules, worst first: each costs a process or two. */
const MAX_SUSPECTS = 16

interface FailureDiagnosis extends Diagnosis {
  /** Names of nodes that do not respond; do not query them again. */
  readonly silent: ReadonlySet<string>
}

/**
 * Finds likely causes of a failure before the cluster is stopped: nodes that crashed or hang, and interfaces and routes
 * that are down or missing. Waits a few seconds at most for a node that does not respond.
 * @throws the signal's reason when that is aborted
 */
export async function diagnoseFailure(request: FailureRequest): Promise<FailureDiagnosis> {
  const { cluster, failures, matrix, signal } = request
  const gone = failures.some(({ broken }) => broken) ? await goneNodes(cluster) : []
  const there = cluster.nodes.filter(({ name }) => !gone.some(({ node }) => node === name))
  const alive = await respondingNodes(there, signal)
  const silent = there.flatMap(({ name }) => (alive.some(node => node.name === name) ? [] : [name]))
  const network = await readAlive(alive, signal)
  const filters = await readAllFilters(alive, network, suspectPods(failures, matrix, MAX_SUSPECTS), signal)
  const { causes, groups } = matrix
    ? diagnoseMatrix(network, matrix, filters)
    : diagnoseStep(network, failures, filters)
  const hung = silent.map(name => ({ subject: name, node: name, what: 'does not answer' }))
  return { causes: [...gone, ...hung, ...causes], groups, silent: new Set(silent) }
}

async function goneNodes({ nodes, diagnose }: RunningCluster): Promise<readonly Cause[]> {
  const diagnoses = await Promise.all(nodes.map(async node => ({ node, ...(await diagnose(node)) })))
  return diagnoses.flatMap(({ node: { name }, how, gone }) => (gone ? [{ subject: name, node: name, what: how }] : []))
}

/** Reads the facts of nodes; skips the nodes that fail. */
async function readAlive(nodes: readonly Node[], parent: AbortSignal): Promise<readonly NodeFacts[]> {
  const ask = ({ signal }: Deadline) => Promise.allSettled(nodes.map(node => readNode(node, signal)))
  return told(await withDeadline(PATIENCE_MS, ask, { parent }), parent)
}

/** Reads the filter rules of suspect PODs, of their nodes, and of nodes without PODs (routers). */
async function readAllFilters(
  nodes: readonly Node[],
  network: readonly NodeFacts[],
  pods: readonly Source[],
  parent: AbortSignal,
): Promise<AllFilters> {
  if (pods.length === 0) return new Map()
  const isRouter = ({ name }: Node) => network.some(({ node, pods: own }) => node === name && own.length === 0)
  const asked = nodes
    .map(node => ({ node, own: pods.flatMap(({ pod, node: name }) => (name === node.name ? [pod] : [])) }))
    .filter(({ node, own }) => own.length > 0 || isRouter(node))
  const ask = ({ signal }: Deadline) => Promise.allSettled(asked.map(({ node, own }) => readFilters(node, own, signal)))
  return new Map(told(await withDeadline(PATIENCE_MS, ask, { parent }), parent).flatMap(each => [...each]))
}

function told<T>(results: readonly PromiseSettledResult<T>[], parent: AbortSignal): readonly T[] {
  parent.throwIfAborted()
  return results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
}
