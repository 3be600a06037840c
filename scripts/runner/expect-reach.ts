import type { Reach } from '../proof/reach.ts'
import type { Rule } from '../proof/rule.ts'
import { endHostStep, HOST } from './host-step.ts'
import { runProof } from './proof.ts'
import type { StepContext, StepFailure } from './steps.ts'
import type { TestRun } from './test-run.ts'

/** Proves a reachability, or rules, as a step within a function of the test. */
export async function expectReach(
  expected: readonly Rule[] | Reach,
  { test, settings, cluster }: TestRun,
  context: StepContext,
): Promise<readonly StepFailure[]> {
  if (isRules(expected)) return [endHostStep('expectReach', context, { why: `rules are not supported on the ${HOST}` })]
  const { failures } = await runProof({ test, settings, reach: expected, nodes: cluster.nodes }, context)
  return failures
}

const isRules = (expected: readonly Rule[] | Reach): expected is readonly Rule[] => Array.isArray(expected)
