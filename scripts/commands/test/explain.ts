import { explainReach, explainRules } from '../../proof/rules/explain.ts'
import { isRuleSet, withLabels } from '../../proof/rules/rule.ts'
import type { PlannedTest } from '../../runner/plan.ts'
import { plannedPods } from '../../runner/planned-rules.ts'

/** Prints what tests expect, without starting anything. */
export function explainTests(plan: readonly PlannedTest[], write: (text: string) => void): void {
  for (const [index, { test, settings }] of plan.entries()) {
    const { reach, labels } = test
    const planned = plannedPods(test, settings)
    const { sources } = planned
    const nodes = new Set(sources.map(({ node }) => node)).size
    const count = sources.length > 0 ? `: ${sources.length} PODs on ${nodes} nodes` : ''
    if (index > 0) write('')
    write(`${test.name}${count}`)
    const lines =
      reach === undefined
        ? ['expects nothing of its PODs; its steps decide']
        : isRuleSet(reach)
          ? explainRules(withLabels(reach, labels), planned)
          : explainReach(reach, planned)
    for (const line of lines) write(line)
  }
}
