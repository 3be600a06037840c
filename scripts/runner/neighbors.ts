import { isBuiltInStep } from '../cases/steps.ts'
import type { TestCase } from '../cases/test-case.ts'
import { podsOf } from '../cases/test-case.ts'
import type { NeighborNeeds } from '../cluster/cluster.ts'
import { isRuleSet } from '../proof/rules/rule.ts'
import type { Settings } from '../settings/settings.ts'
import { AT_ONCE } from './measure.ts'

/**
 * Whether a test passes by answers alone: it has no forbidden pair, and no commands or functions of its own, which may
 * take silence for success.
 */
export const passesByAnswers = ({ reach, steps, cleanup = [] }: TestCase): boolean =>
  expectsAnswers(reach) && [...steps, ...cleanup].every(isBuiltInStep)

function expectsAnswers(reach: TestCase['reach']): boolean {
  if (!isRuleSet(reach)) return reach === 'all'
  const rest = typeof reach.default === 'string' ? reach.default : reach.default.expect
  return rest === 'reply' && reach.rules.every(({ expect }) => expect === 'reply')
}

/**
 * The number of neighbor entries of a family on all nodes and PODs of a test, after each has reached all others on its
 * Ethernet; without entries between nodes.
 */
export function neighborEntries(test: TestCase, settings: Settings): NeighborNeeds {
  const pods = [...podsOf(test, settings, settings.addressing.podsPerNode).values()].map(({ length }) => length)
  const isOneEthernet = test.needs.pods?.addresses === 'random'
  // PODs with random addresses share one Ethernet; others share one with their node.
  const onEthernets = isOneEthernet ? [sum(pods)] : pods
  const between = onEthernets.map(count => count * (count - 1)).sort((a, b) => b - a)
  // PODs and their node, in both directions. A node that forwards asks for a POD by its link-local address as well.
  const directions = expectsAnswers(test.reach) && !isOneEthernet ? 3 : 2
  const withNode = directions * sum(pods)
  return {
    kept: withNode + sum(between),
    flushed: withNode + sum(between.slice(0, AT_ONCE)),
    mayRetry: passesByAnswers(test) && !isOneEthernet,
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
