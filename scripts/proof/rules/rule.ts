import type { Family } from '../../settings/family.ts'
import type { Labels, Selector } from '../../settings/selectors.ts'
import type { Reach } from '../reach.ts'

/** `icmp` is an echo request; the others name a destination port. */
export type Protocol = 'icmp' | `${'tcp' | 'udp' | 'sctp'}/${number}`

/**
 * `reply`: answered, by the right POD. `refused`: a TCP reset, an SCTP abort or an ICMP error came back. `silent`:
 * nothing came back, or the POD's kernel refused to send. `blocked`: anything but a reply.
 */
export type Result = 'reply' | 'refused' | 'silent' | 'blocked'

/** How a probe is refused. `reset` is a TCP reset or an SCTP abort; the others are ICMP errors. */
export const REFUSALS = [
  'reset',
  'port-unreachable',
  'admin-prohibited',
  'host-unreachable',
  'net-unreachable',
  'other-icmp',
] as const
export type Refusal = (typeof REFUSALS)[number]

export interface Expected {
  readonly expect: Result
  /** For `refused`: the only refusal that is accepted. */
  readonly by?: Refusal
}

/** The payload of a probe, instead of a few bytes. */
interface Payload {
  /** `icmp` and `udp`: bytes of the IP packet, sent with "don't fragment". */
  readonly size?: number
  /** `icmp` and `udp`: bytes of the IP packet before it is fragmented. */
  readonly fragmented?: number
  /** `tcp`: bytes that must arrive in both directions. */
  readonly bulk?: number
}

/** One rule of a {@link RuleSet}. A missing member matches everything. */
export interface Rule extends Expected, Payload {
  readonly from?: Selector
  /** PODs, or an address that need not be a POD's: `10.0.0.1`, `fd00::1`. */
  readonly to?: Selector
  readonly family?: Family
  readonly protocol?: Protocol | readonly Protocol[]
  /** The path MTU that each pair must have, or `measure`: the largest packet with "don't fragment" that is answered. */
  readonly mtu?: number | 'measure'
  /** For an address of a load balancer: the PODs that must answer. */
  readonly spread?: Spread
}

/** Which PODs must answer for an address, and how many connections. */
export interface Spread {
  readonly over: Selector
  /** Connections of each source; 4 by default. */
  readonly connections?: number
  /** Limits of the connections that each of the PODs answers; `atLeast` is 1 by default. */
  readonly atLeast?: number
  readonly atMost?: number
}

/** Ordered rules: the first that matches a probe decides; `default` decides the rest. */
export interface RuleSet {
  readonly rules: readonly Rule[]
  readonly default: Result | Expected
  /** Families of the rules. By default both: then either all PODs have addresses of a family, or none has. */
  readonly families?: readonly Family[]
  /** Names of PODs by label; `*` stands for any characters. Labels of the test are known, too. */
  readonly labels?: Labels
}

/** Whether a test expects rules, not a short form. */
export const isRuleSet = (expected: Reach | RuleSet | undefined): expected is RuleSet =>
  typeof expected === 'object' && 'rules' in expected

/** Rules with the labels of their test, and their own first. */
export const withLabels = (set: RuleSet, labels: Labels | undefined): RuleSet => ({
  ...set,
  labels: { ...labels, ...set.labels },
})

/** The address families that rules prove, of those of the run. */
export const familiesOf = ({ families: own = [4, 6] }: RuleSet, families: readonly Family[]): readonly Family[] =>
  families.filter(family => own.includes(family))
