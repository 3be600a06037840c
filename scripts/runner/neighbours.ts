import type { TestCase } from '../cases/test-case.ts'
import { podsOf } from '../cases/test-case.ts'
import type { Settings } from '../settings/settings.ts'

/**
 * How many neighbour entries of each family the PODs of a test and their nodes have at once, when each has spoken to all on its Ethernet;
 * entries between nodes aside.
 */
export function neighbourEntries(test: TestCase, settings: Settings): number {
  const pods = [...podsOf(test, settings, settings.addressing.podsPerNode).values()].map(({ length }) => length)
  // PODs with random addresses are all on one Ethernet; else those of a node are, with the node.
  const onEthernets = test.needs.pods?.addresses === 'random' ? [pods.reduce((sum, count) => sum + count, 0)] : pods
  return onEthernets.reduce((sum, count) => sum + count * (count + 1), 0)
}
