import { environmentFailure, usageFailure } from '../errors/failure.ts'
import { requireCni } from '../ovl/cni.ts'
import type { Settings } from '../settings/settings.ts'
import type { TestCase } from './test-case.ts'

/**
 * Checks, before anything is started, that a test can have what it needs.
 * @throws Failure NO_CNI or NO_NODE (exit 3), NEEDS_RUNNING (exit 2)
 */
export function checkNeeds({ name, needs, steps }: TestCase, settings: Settings): void {
  if (needs.running && settings.cluster.start)
    throw usageFailure('NEEDS_RUNNING', `${name} is for a cluster that runs`, { hint: 'add --no-start' })
  // What runs already is as it is, and was perhaps sized by other settings.
  if (!settings.cluster.start) return
  if (needs.plugins) requireCni(settings.packing)
  const named = steps.map(({ where }) => where).filter(where => where !== 'workers')
  const wanted = new Map<string, number>([
    ...named.map(node => [node, 1] as const),
    ...Object.entries(needs.nics ?? {}),
  ])
  for (const [node, nics] of wanted) {
    const plan = settings.cluster.nodes.find(candidate => candidate.name === node)
    const hint = 'without options and variables for the size of the cluster it is that of the test'
    if (!plan) throw environmentFailure('NO_NODE', `${name} needs ${node}, and the cluster has none`, { hint })
    if (plan.nets.length >= nics) continue
    const has = `${node} has ${plan.nets.length} interfaces`
    throw environmentFailure('NO_NODE', `${name} needs eth0 to eth${nics - 1} in ${node}, and ${has}`, { hint })
  }
}
