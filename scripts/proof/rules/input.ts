import type { NodeFacts } from '../facts.ts'
import { podKey, type Source } from '../network.ts'
import { mtuOf, tasksOf } from './matrix.ts'
import { expectedOf, type ProbePlan, type Target } from './plan.ts'
import { type Probe, portOf } from './probe.ts'
import type { Result, RuleSet } from './rule.ts'

/** Probes of a POD, as `netns_test probe run` reads them after `<pod> probe <index>`. */
export interface ProbeInput {
  readonly lines: readonly string[]
}

/** The largest packet, where the MTU of a POD's interface is unknown. */
const MOST_BYTES = 65_535

/** What each POD probes, by `<node> <pod>`. */
export function inputsFor(
  plan: ProbePlan,
  set: RuleSet,
  network: readonly NodeFacts[],
): ReadonlyMap<string, ProbeInput> {
  const inputs = new Map<string, ProbeInput>()
  for (const [row, source] of plan.sources.entries()) {
    const tasks = tasksOf(plan, set, row)
    const lines = tasks.map(({ target, column, isControl }) => {
      const { expect } = expectedOf(set, plan.rules[row]?.[column] ?? -1)
      return lineFor(plan.probe, source, target, isControl ? 'reply' : expect, network)
    })
    if (lines.length > 0) inputs.set(podKey(source), { lines })
  }
  return inputs
}

/** `<protocol> <address> <port> <expected result> <payload> <bytes>` */
export function lineFor(
  { protocol, payload, bytes }: Probe,
  source: Source,
  { address, family }: Target,
  expect: Result,
  network: readonly NodeFacts[],
): string {
  const size = payload === 'mtu' ? (mtuOf(network, source, family) ?? MOST_BYTES) : bytes
  const [name, port] = portOf(protocol)
  return [name, address, port, expect, payload, size].join(' ')
}
