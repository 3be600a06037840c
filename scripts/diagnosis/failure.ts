import type { RunningCluster } from '../cluster/cluster.ts'
import { withDeadline } from '../host/deadline.ts'
import type { Node } from '../node/node.ts'
import type { Matrix } from '../proof/matrix.ts'
import { type NodeFacts, readNode } from '../proof/network.ts'
import type { FailedStep } from '../report/events.ts'
import type { Cause, Diagnosis } from './cause.ts'
import { diagnoseMatrix, diagnoseStep } from './diagnose.ts'

export interface FailureRequest {
  readonly cluster: RunningCluster
  readonly failures: readonly FailedStep[]
  /** What the proof measured, if there was one. */
  readonly matrix?: Matrix
  readonly signal: AbortSignal
}

/** How long the nodes may take to describe themselves, in milliseconds. */
const PATIENCE_MS = 10_000

/**
 * Says why a test failed, before its cluster is stopped: nodes that are gone, and what its nodes show to be down or missing.
 * A node that does not answer is not waited for longer than ten seconds.
 * @throws the signal's reason when that is aborted
 */
export async function diagnoseFailure(request: FailureRequest): Promise<Diagnosis> {
  const { cluster, failures, matrix, signal } = request
  const gone = failures.some(({ broken }) => broken) ? await goneNodes(cluster) : []
  const alive = cluster.nodes.filter(({ name }) => !gone.some(({ node }) => node === name))
  const network = await readAlive(alive, signal)
  const { causes, groups } = matrix ? diagnoseMatrix(network, matrix) : diagnoseStep(network, failures)
  return { causes: [...gone, ...causes], groups }
}

async function goneNodes({ nodes, fate }: RunningCluster): Promise<readonly Cause[]> {
  const fates = await Promise.all(nodes.map(async node => ({ node, ...(await fate(node)) })))
  return fates.flatMap(({ node: { name }, how, gone }) => (gone ? [{ subject: name, node: name, what: how }] : []))
}

/** What those nodes tell that answer. */
async function readAlive(nodes: readonly Node[], parent: AbortSignal): Promise<readonly NodeFacts[]> {
  const read = await withDeadline(
    PATIENCE_MS,
    ({ signal }) => Promise.allSettled(nodes.map(node => readNode(node, signal))),
    { parent },
  )
  parent.throwIfAborted()
  return read.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
}
