import { podsOf } from '../../cases/test-case.ts'
import { explainReach, explainRules } from '../../proof/rules/explain.ts'
import { rolesOf } from '../../proof/rules/plan.ts'
import { familiesOf, isRuleSet, withLabels } from '../../proof/rules/rule.ts'
import type { PlannedTest } from '../../runner/plan.ts'

/** Prints what tests expect, without starting anything. */
export function explainTests(plan: readonly PlannedTest[], write: (text: string) => void): void {
  for (const [index, { test, settings }] of plan.entries()) {
    const { reach, labels } = test
    const pods = podsOf(test, settings, settings.addressing.podsPerNode)
    const sources = [...pods].flatMap(([node, names]) => names.map(pod => ({ pod, node })))
    const planned = { sources, families: settings.families, roleOf: rolesOf(settings.cluster.nodes) }
    const count = sources.length > 0 ? `: ${sources.length} PODs on ${pods.size} nodes` : ''
    if (index > 0) write('')
    write(`${test.name}${count}`)
    const lines =
      reach === undefined
        ? ['expects nothing of its PODs; its steps decide']
        : isRuleSet(reach)
          ? explainRules(withLabels(reach, labels), { ...planned, families: familiesOf(reach, settings.families) })
          : explainReach(reach, planned)
    for (const line of lines) write(line)
  }
}
