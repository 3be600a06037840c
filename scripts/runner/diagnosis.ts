import type { RunningCluster } from '../cluster/cluster.ts'
import { answeringNodes } from '../diagnosis/answering.ts'
import type { Cause, Diagnosis } from '../diagnosis/cause.ts'
import { diagnoseMatrix, diagnoseStep, suspects } from '../diagnosis/diagnose.ts'
import { readFilters } from '../diagnosis/filters.ts'
import type { FailedStep } from '../events/events.ts'
import { withDeadline } from '../host/deadline.ts'
import type { Matrix } from '../proof/matrix.ts'
import { readNode, type Source } from '../proof/network.ts'
import type { Node } from '../ssh/node.ts'

export interface FailureRequest {
  readonly cluster: RunningCluster
  readonly failures: readonly FailedStep[]
  /** What the proof measured, if there was one. */
  readonly matrix?: Matrix
  readonly signal: AbortSignal
}

/** How long the nodes may take to describe themselves, in milliseconds. */
const PATIENCE_MS = 10_000
/** Of the PODs that lack most answers, how many are asked for their rules: it takes a process or two in each. */
const MOST_SUSPECTS = 16

/** Why a test failed, in all likelihood. */
export interface FailureDiagnosis extends Diagnosis {
  /** Names of nodes that do not answer: there is no use in asking them more. */
  readonly silent: ReadonlySet<string>
}

/**
 * Says why a test failed, before its cluster is stopped: nodes that are gone or hang, and what its nodes show to be down or missing.
 * A node that does not answer is not waited for longer than some seconds.
 * @throws the signal's reason when that is aborted
 */
export async function diagnoseFailure(request: FailureRequest): Promise<FailureDiagnosis> {
  const { cluster, failures, matrix, signal } = request
  const gone = failures.some(({ broken }) => broken) ? await goneNodes(cluster) : []
  const there = cluster.nodes.filter(({ name }) => !gone.some(({ node }) => node === name))
  const alive = await answeringNodes(there, signal)
  const silent = there.flatMap(({ name }) => (alive.some(node => node.name === name) ? [] : [name]))
  const { network, filters } = await readAlive(alive, suspects(failures, matrix, MOST_SUSPECTS), signal)
  const { causes, groups } = matrix
    ? diagnoseMatrix(network, matrix, filters)
    : diagnoseStep(network, failures, filters)
  const hung = silent.map(name => ({ subject: name, node: name, what: 'does not answer' }))
  return { causes: [...gone, ...hung, ...causes], groups, silent: new Set(silent) }
}

async function goneNodes({ nodes, fate }: RunningCluster): Promise<readonly Cause[]> {
  const fates = await Promise.all(nodes.map(async node => ({ node, ...(await fate(node)) })))
  return fates.flatMap(({ node: { name }, how, gone }) => (gone ? [{ subject: name, node: name, what: how }] : []))
}

/** What nodes tell of themselves and of what they do with packets; those that fail at it are left out. */
async function readAlive(nodes: readonly Node[], pods: readonly Source[], parent: AbortSignal) {
  const [network, filters] = await withDeadline(
    PATIENCE_MS,
    ({ signal }) =>
      Promise.all([
        Promise.allSettled(nodes.map(node => readNode(node, signal))),
        Promise.allSettled(nodes.map(node => readFilters(node, ofNode(pods, node), signal))),
      ]),
    { parent },
  )
  parent.throwIfAborted()
  return {
    network: network.flatMap(result => (result.status === 'fulfilled' ? [result.value] : [])),
    filters: new Map(filters.flatMap(result => (result.status === 'fulfilled' ? [...result.value] : []))),
  }
}

const ofNode = (pods: readonly Source[], { name }: Node) =>
  pods.flatMap(({ node, pod }) => (node === name ? [pod] : []))
