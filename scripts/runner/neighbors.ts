import type { TestCase } from '../cases/test-case.ts'
import { podsOf } from '../cases/test-case.ts'
import type { Settings } from '../settings/settings.ts'

/**
 * The number of neighbor entries per family on all nodes and PODs of a test, after each has reached all others on its
 * Ethernet; without entries between nodes.
 */
export function neighborEntries(test: TestCase, settings: Settings): number {
  const pods = [...podsOf(test, settings, settings.addressing.podsPerNode).values()].map(({ length }) => length)
  // PODs with random addresses share one Ethernet; others share one with their node.
  const onEthernets = test.needs.pods?.addresses === 'random' ? [pods.reduce((sum, count) => sum + count, 0)] : pods
  return onEthernets.reduce((sum, count) => sum + count * (count + 1), 0)
}
