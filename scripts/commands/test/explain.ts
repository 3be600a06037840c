import { podsOf } from '../../cases/test-case.ts'
import { explainReach, explainRules, type PlannedPods } from '../../proof/rules/explain.ts'
import type { PlannedTest } from '../../runner/plan.ts'
import type { Family } from '../../settings/family.ts'

/** Prints what tests expect, without starting anything. */
export function explainTests(plan: readonly PlannedTest[], write: (text: string) => void): void {
  for (const [index, { test, settings }] of plan.entries()) {
    const { reach, labels } = test
    const pods = podsOf(test, settings, settings.addressing.podsPerNode)
    const sources = [...pods].flatMap(([node, names]) => names.map(pod => ({ pod, node })))
    const roles = new Map(settings.cluster.nodes.map(({ name, role }) => [name, role]))
    const planned = { sources, families: settings.families, roleOf: (node: string) => roles.get(node) ?? 'worker' }
    const count = sources.length > 0 ? `: ${sources.length} PODs on ${pods.size} nodes` : ''
    if (index > 0) write('')
    write(`${test.name}${count}`)
    const lines =
      reach === undefined
        ? ['expects nothing of its PODs; its steps decide']
        : typeof reach === 'object' && 'rules' in reach
          ? explainRules({ ...reach, labels: { ...labels, ...reach.labels } }, withFamilies(planned, reach.families))
          : explainReach(reach, planned)
    for (const line of lines) write(line)
  }
}

const withFamilies = (planned: PlannedPods, families: readonly Family[] = planned.families): PlannedPods => ({
  ...planned,
  families: planned.families.filter(family => families.includes(family)),
})
