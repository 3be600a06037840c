import type { Reach } from '../proof/reach.ts'
import type { RuleSet } from '../proof/rules/rule.ts'
import { endHostStep } from './host-step.ts'
import { type Proof, runProof } from './proof.ts'
import type { StepContext } from './steps.ts'
import type { TestRun } from './test-run.ts'

/** Proves a reachability, or rules, as a step of the test. */
export async function expectReach(
  expected: RuleSet | Reach,
  { test, settings, cluster }: TestRun,
  context: StepContext,
): Promise<Proof> {
  if (isRuleSet(expected)) {
    const failure = endHostStep('rules', context, { why: 'rules cannot be measured yet' })
    return { matrix: undefined, failures: [failure] }
  }
  const { nodes, flushesNeighbors = false } = cluster
  return await runProof({ test, settings, reach: expected, nodes, flushNeighbors: flushesNeighbors }, context)
}

const isRuleSet = (expected: RuleSet | Reach): expected is RuleSet =>
  typeof expected === 'object' && 'rules' in expected
