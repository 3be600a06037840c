import { matches } from '../../settings/selectors.ts'
import type { NodeFacts } from '../facts.ts'
import { podKey, type Source } from '../network.ts'
import { lineFor, type ProbeInput } from './input.ts'
import { describeObservation } from './judge.ts'
import type { Observed } from './matrix.ts'
import type { ProbePlan, RoleOf, Target } from './plan.ts'
import type { RuleSet, Spread } from './rule.ts'

/** Default number of connections of each source. */
const CONNECTIONS = 4

/** Connections to an address of a load balancer. */
interface SpreadPlan {
  /** The index of the rule. */
  readonly rule: number
  readonly spread: Spread
  readonly plan: ProbePlan
  readonly target: Target
  readonly sources: readonly Source[]
}

/** Who answered for an address. */
export interface SpreadResult {
  readonly rule: number
  readonly address: string
  readonly protocol: string
  readonly asked: number
  /** Connections by POD, for those that must answer and those that did. */
  readonly counts: ReadonlyMap<string, number>
  /** Connections without an answer. */
  readonly failed: readonly { readonly source: Source; readonly why: string }[]
  /** Problems, each with its source or POD. */
  readonly wrong: readonly { readonly node: string; readonly text: string }[]
}

/** The addresses that rules spread over PODs. */
export const spreadsOf = (plans: readonly ProbePlan[], { rules }: RuleSet): readonly SpreadPlan[] =>
  rules.flatMap(({ spread, to }, rule) =>
    spread === undefined
      ? []
      : plans.flatMap(plan =>
          [...plan.targets.entries()].flatMap(([column, target]): SpreadPlan[] => {
            const sources = plan.sources.filter((_, row) => plan.rules[row]?.[column] === rule)
            return target.address === to && sources.length > 0 ? [{ rule, spread, plan, target, sources }] : []
          }),
        ),
  )

/** The connections of each source. */
export function spreadInputs(
  { spread, plan, target, sources }: SpreadPlan,
  network: readonly NodeFacts[],
): ReadonlyMap<string, ProbeInput> {
  const { connections = CONNECTIONS } = spread
  return new Map(
    sources.map(source => {
      const line = lineFor(plan.probe, source, target, 'reply', network)
      return [podKey(source), { lines: Array.from({ length: connections }, () => line) }]
    }),
  )
}

/** Counts who answered, and compares that with the rule. */
export function assembleSpread(
  { rule, spread, plan, target, sources }: SpreadPlan,
  { labels }: RuleSet,
  roleOf: RoleOf,
  observed: Observed,
): SpreadResult {
  const { connections = CONNECTIONS, over, atLeast = 1, atMost = Number.POSITIVE_INFINITY } = spread
  const { protocol } = plan.probe
  const what = `${protocol} of ${target.address}`
  const chosen = plan.sources.filter(({ pod, node }) => matches(over, { name: pod, node, role: roleOf(node) }, labels))
  const counts = new Map(chosen.map(({ pod }) => [pod, 0]))
  const failed: { source: Source; why: string }[] = []
  const wrong: { node: string; text: string }[] = []
  for (const source of sources)
    for (const result of observed.get(podKey(source))?.results ?? []) {
      if (result?.kind !== 'reply' || !result.by) {
        failed.push({ source, why: result ? describeObservation(result) : 'has no result' })
        continue
      }
      const { by } = result
      if (!counts.has(by.pod))
        wrong.push({ node: by.node, text: `${what} is answered by ${by.pod}, which it must not be spread over` })
      counts.set(by.pod, (counts.get(by.pod) ?? 0) + 1)
    }
  for (const { pod, node } of chosen) {
    const count = counts.get(pod) ?? 0
    const must = count < atLeast ? `at least ${atLeast}` : count > atMost ? `at most ${atMost}` : undefined
    if (must) wrong.push({ node, text: `${what}: ${pod} answers ${count} connections, but must answer ${must}` })
  }
  for (const { source, why } of failed) wrong.push({ node: source.node, text: `${source.pod} → ${what} ${why}` })
  if (chosen.length === 0)
    wrong.push({ node: sources[0]?.node ?? '', text: `rule ${rule + 1} spreads ${what} over no POD` })
  const asked = sources.length * connections
  return { rule, address: target.address, protocol, asked, counts, failed, wrong }
}
