import type { Reach } from '../proof/reach.ts'
import { isRuleSet, type RuleSet } from '../proof/rules/rule.ts'
import { type Proof, runProof } from './proof.ts'
import { proveRules } from './rules-proof.ts'
import type { StepContext } from './steps.ts'
import type { TestRun } from './test-run.ts'

/** Proves a reachability, or rules, as a step of the test. */
export async function expectReach(
  expected: RuleSet | Reach,
  { test, settings, cluster }: TestRun,
  context: StepContext,
): Promise<Proof> {
  const { nodes, flushesNeighbors: flushNeighbors = false } = cluster
  if (isRuleSet(expected)) {
    const { proof, failures } = await proveRules({ test, settings, rules: expected, nodes, flushNeighbors }, context)
    return { matrix: undefined, rules: proof, failures }
  }
  return await runProof({ test, settings, reach: expected, nodes, flushNeighbors }, context)
}
