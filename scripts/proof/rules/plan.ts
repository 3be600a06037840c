import { isIP } from 'node:net'
import { testFailure } from '../../errors/failure.ts'
import type { Role } from '../../settings/nodes.ts'
import { matches, type Selector } from '../../settings/selectors.ts'
import type { NodeFacts } from '../facts.ts'
import { type PodAddress, podAddresses, type Source, sourcesOf } from '../network.ts'
import { isSame, ownAddresses } from '../reach.ts'
import { type Probe, payloadOf, probeName, probesOf, protocolsOf } from './probe.ts'
import type { Expected, Rule, RuleSet } from './rule.ts'
import { addressesIn, describeEnd, undefinedLabel } from './select.ts'

/** An address to probe; without a node, it is not a POD's but named by a rule. */
export type Target = PodAddress

/** In {@link ProbePlan.rules}: the default decides, or the pair is not probed. */
export const [DEFAULT_RULE, NOT_PROBED] = [-1, -2] as const

/** Which rule decides about each pair, for one probe. */
export interface ProbePlan {
  readonly probe: Probe
  readonly sources: readonly Source[]
  readonly targets: readonly Target[]
  /** By source and target: the index of the rule that decides, {@link DEFAULT_RULE} or {@link NOT_PROBED}. */
  readonly rules: readonly Int16Array[]
}

export const isService = ({ node }: Target): boolean => node === ''

/** What a rule, or the default, expects. */
export function expectedOf({ rules, default: rest }: RuleSet, rule: number): Expected {
  return rules[rule] ?? (typeof rest === 'string' ? { expect: rest } : rest)
}

/**
 * Decides about all pairs of PODs and addresses. A POD is not probed over a family that it has no address of, nor at
 * its own addresses.
 * @throws Failure UNUSED_RULE (exit 1) for a rule that decides about no pair
 */
export function planProbes(set: RuleSet, network: readonly NodeFacts[], roleOf?: RoleOf): readonly ProbePlan[] {
  return planFor(set, sourcesOf(network), podAddresses(network), roleOf)
}

/** The role of a node. */
export type RoleOf = (node: string) => Role

/** The roles of nodes by name; a worker's for others. */
export function rolesOf(nodes: readonly { readonly name: string; readonly role: Role }[]): RoleOf {
  const roles = new Map(nodes.map(({ name, role }) => [name, role]))
  return node => roles.get(node) ?? 'worker'
}

/** As {@link planProbes}, for PODs that need not exist yet. @throws Failure UNUSED_RULE (exit 1) */
export function planFor(
  set: RuleSet,
  sources: readonly Source[],
  addresses: readonly PodAddress[],
  roleOf?: RoleOf,
): readonly ProbePlan[] {
  const { plans, unused } = makePlans(set, sources, addresses, roleOf)
  if (unused) throw testFailure('UNUSED_RULE', unused.why)
  return plans
}

/** A rule that decides about no pair: its index, and why. */
interface UnusedRule {
  readonly index: number
  readonly why: string
}

/** The first rule that decides about no pair of PODs, which need not exist yet. */
export const findUnusedRule = (...planned: Parameters<typeof makePlans>): UnusedRule | undefined =>
  makePlans(...planned).unused

function makePlans(
  set: RuleSet,
  sources: readonly Source[],
  addresses: readonly PodAddress[],
  roleOf: RoleOf = () => 'worker',
): { readonly plans: readonly ProbePlan[]; readonly unused?: UnusedRule } {
  const missing = undefinedLabel(set)
  if (missing) {
    const why = `rule ${missing.rule} uses the label '${missing.label}', which is not defined`
    return { plans: [], unused: { index: missing.rule - 1, why } }
  }
  const targets = [...addresses, ...servicesOf(set)]
  const families = sources.map(source => new Set(ownAddresses(addresses, source).map(one => one.family)))
  const matchers = set.rules.map(rule => matcherOf(rule, set, sources, targets, roleOf))
  const used = new Set<number>()
  const plans = probesOf(set).map((probe): ProbePlan => {
    const candidates = matchers.flatMap((matcher, index) =>
      isAbout(set.rules[index], probe) ? [{ matcher, index }] : [],
    )
    const rules = sources.map((source, row) =>
      Int16Array.from(targets, (target, column) => {
        if (!families[row]?.has(target.family) || isSame(source, target)) return NOT_PROBED
        const found = candidates.find(({ matcher }) => matcher.from[row] && matcher.to[column])
        const rule = found && set.rules[found.index]
        // Only the pairs that a rule names get its payload; the others are probed once, without one.
        if (probe.payload !== 'plain' && !(rule && payloadOf(rule).payload === probe.payload)) return NOT_PROBED
        if (isService(target) && !addressesIn(rule?.to).includes(target.address)) return NOT_PROBED
        if (found) used.add(found.index)
        return found?.index ?? DEFAULT_RULE
      }),
    )
    return { probe, sources, targets, rules }
  })
  const index = set.rules.findIndex((_, each) => !used.has(each))
  return index < 0 ? { plans } : { plans, unused: { index, why: whyUnused(set, index, matchers[index]) } }
}

interface Matcher {
  readonly from: readonly boolean[]
  readonly to: readonly boolean[]
}

function matcherOf(
  { from, to, family }: Rule,
  { labels }: RuleSet,
  sources: readonly Source[],
  targets: readonly Target[],
  roleOf: RoleOf,
): Matcher {
  const selects = (selector: Selector, { pod, node }: Source) =>
    matches(selector, { name: pod, node, role: roleOf(node) }, labels)
  const addresses = addressesIn(to)
  const isTarget = (target: Target) =>
    addresses.includes(target.address) || (!isService(target) && (to === undefined || selects(to, target)))
  return {
    from: sources.map(source => from === undefined || selects(from, source)),
    to: targets.map(target => (family === undefined || family === target.family) && isTarget(target)),
  }
}

/** Whether a rule decides about a probe: it names its protocol or none, and its payload or none. */
function isAbout(rule: Rule | undefined, probe: Probe): boolean {
  if (!rule) return false
  const protocols = protocolsOf(rule)
  const { payload, bytes } = payloadOf(rule)
  if (protocols.length > 0 && !protocols.includes(probe.protocol)) return false
  return payload === 'plain' || (payload === probe.payload && bytes === probe.bytes)
}

/** The addresses that rules name; those of PODs are among {@link podAddresses}. */
function servicesOf({ rules }: RuleSet): readonly Target[] {
  const named = new Set(rules.flatMap(({ to }) => addressesIn(to)))
  return [...named].map(address => ({
    pod: address,
    node: '',
    address,
    family: isIP(address) === 6 ? 6 : 4,
    interface: '',
  }))
}

function whyUnused(set: RuleSet, index: number, matcher: Matcher | undefined): string {
  const { from, to } = set.rules[index] ?? {}
  const name = `rule ${index + 1} (${describeRule(set.rules[index])})`
  if (!matcher?.from.includes(true)) return `${name} matches no POD by from: ${describeEnd(from)}`
  if (!matcher.to.includes(true)) return `${name} matches no address by to: ${describeEnd(to)}`
  return `${name} decides about no pair: rules before it match all of its pairs, or it has none`
}

/** `side 1 → vm-003-* tcp/80: reply` */
function describeRule(rule: Rule | undefined): string {
  if (!rule) return 'default'
  const protocols = protocolsOf(rule).map(protocol => probeName({ protocol, ...payloadOf(rule) }))
  const family = rule.family ? [`IPv${rule.family}`] : []
  const what = [...family, ...(protocols.length > 0 ? [protocols.join(', ')] : [])].map(text => ` ${text}`).join('')
  return `${describeEnd(rule.from)} → ${describeEnd(rule.to)}${what}: ${describeExpected(rule)}`
}

/** `refused by reset` */
export const describeExpected = ({ expect, by }: Expected): string => (by ? `${expect} by ${by}` : expect)
