import { fileOf, podsOf, type TestCase } from '../cases/test-case.ts'
import { usageFailure } from '../errors/failure.ts'
import { addressesFor, type PlannedPods } from '../proof/rules/explain.ts'
import { findUnusedRule, rolesOf } from '../proof/rules/plan.ts'
import { familiesOf, isRuleSet, withLabels } from '../proof/rules/rule.ts'
import type { Settings } from '../settings/settings.ts'

/** The PODs that the steps of a test create, and the families that it proves; no PODs if they are not known. */
export function plannedPods(test: TestCase, settings: Settings): PlannedPods {
  const pods = podsOf(test, settings, settings.addressing.podsPerNode)
  const sources = [...pods].flatMap(([node, names]) => names.map(pod => ({ pod, node })))
  const families = isRuleSet(test.reach) ? familiesOf(test.reach, settings.families) : settings.families
  return { sources, families, roleOf: rolesOf(settings.cluster.nodes) }
}

/**
 * Checks that each rule of a test decides about a pair of the PODs that the test creates.
 * @throws Failure BAD_TEST (exit 2) naming the place in the test's file
 */
export function checkRules(test: TestCase, settings: Settings): void {
  const { reach, labels, locate } = test
  if (!isRuleSet(reach) || !test.pods) return
  const { sources, families, roleOf } = plannedPods(test, settings)
  const unused = findUnusedRule(withLabels(reach, labels), sources, addressesFor(sources, families), roleOf)
  if (!unused) return
  const place = locate?.(['reach', 'rules', unused.index]) ?? fileOf(test)
  throw usageFailure('BAD_TEST', `${place}: reach.rules[${unused.index}]: ${unused.why}`, {
    hint: './netns.ts test --explain shows the pairs of each rule',
  })
}
