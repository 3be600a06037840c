import type { TestCase } from '../cases/test-case.ts'
import { matrixFindings } from '../proof/findings.ts'
import { assemble, type Matrix } from '../proof/matrix.ts'
import type { Reach } from '../proof/reach.ts'
import type { RuleProof } from '../proof/rules/report.ts'
import { describePair, describeSummary, summarize } from '../proof/summary.ts'
import type { Settings } from '../settings/settings.ts'
import type { Node } from '../ssh/node.ts'
import { measure } from './measure.ts'
import { runProofStep } from './proof-step.ts'
import type { StepContext, StepFailure } from './steps.ts'

/** The share of a step's time for retries; the last round and the transfer need the rest. */
export const RETRYING = 0.7

interface ProofRequest {
  readonly test: TestCase
  readonly settings: Settings
  readonly reach: Reach
  readonly nodes: readonly Node[]
  readonly flushNeighbors?: boolean
}

export interface Proof {
  /** Undefined if measuring failed, and for rules. */
  readonly matrix: Matrix | undefined
  /** Of rules. */
  readonly rules?: RuleProof | undefined
  readonly failures: readonly StepFailure[]
}

/**
 * Pings every address of every POD from every other POD, and compares the answers with the test's reachability, and the
 * existing PODs with those that the test created.
 * @throws the signal's reason when that is aborted
 */
export async function runProof(request: ProofRequest, context: StepContext): Promise<Proof> {
  const { nodes, reach, flushNeighbors = false } = request
  const { emit, timeoutSeconds, test } = context
  const pingsUntil = performance.now() + timeoutSeconds * 1000 * RETRYING
  const { result, failures } = await runProofStep({ ...request, name: 'matrix' }, context, async measuring => {
    const { network, deadline, onHung, onProgress } = measuring
    const limits = { deadline: pingsUntil, signal: deadline.signal, onHung, onProgress }
    const matrix = assemble(network, reach, await measure({ nodes, network, reach, flushNeighbors, ...limits }))
    const summary = summarize(matrix)
    return {
      result: matrix,
      findings: matrixFindings(matrix),
      wrong: summary.wrong.map(pair => ({ node: pair.source.node, text: describePair(pair) })),
      report: () => emit({ type: 'matrix', test, matrix, text: describeSummary(summary) }),
    }
  })
  return { matrix: result, failures }
}
