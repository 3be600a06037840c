import type { Family } from '../../settings/family.ts'
import type { NodeFacts } from '../facts.ts'
import { podKey, type Source } from '../network.ts'
import { isSame } from '../reach.ts'
import { judge } from './judge.ts'
import type { Observation, PodObservations, ServerState } from './observation.ts'
import { expectedOf, isService, NOT_PROBED, type ProbePlan, type Target } from './plan.ts'
import type { Probe } from './probe.ts'
import type { Expected, RuleSet } from './rule.ts'

/** A pair with an unexpected result. */
export interface WrongProbe {
  readonly source: Source
  readonly target: Target
  /** `replies, but must be silent` */
  readonly why: string
}

/** A POD whose silence proves nothing. */
export interface UnprovedPod {
  readonly source: Source
  readonly family: Family
  /** Pairs that it leaves unproved. */
  readonly pairs: number
  /** `it does not even answer itself` */
  readonly why: string
  /** A prober or server was too slow, so another attempt may prove it. */
  readonly isSlow: boolean
}

/** What came of one probe between all pairs. */
export interface ProbeMatrix {
  readonly probe: Probe
  readonly sources: readonly Source[]
  readonly targets: readonly Target[]
  /** By source and target; undefined where nothing was probed. */
  readonly rows: readonly (readonly (Observation | undefined)[])[]
  /** By source and target: the index of the rule that decided. */
  readonly rules: readonly Int16Array[]
  readonly wrong: readonly WrongProbe[]
  readonly unproved: readonly UnprovedPod[]
  readonly counts: ProbeCounts
}

interface ProbeCounts {
  /** Pairs that must reply, and those that did. */
  readonly expected: number
  readonly reached: number
  /** Pairs that must be refused, silent or blocked, and those that were. */
  readonly forbidden: number
  readonly closed: number
  /** Of the closed ones: not sent by the POD's own kernel. */
  readonly unsent: number
}

/** Results of one probe: by `<node> <pod>`, in the order of {@link tasksOf}. */
export type Observed = ReadonlyMap<string, PodObservations>

/** States of the servers after a probe, by `<node> <pod>`. */
type Servers = ReadonlyMap<string, ServerState>

/** A server that did not run for this time may have missed all tries of a datagram, which take 1.9 seconds. */
const STALL_MS = 900

/** A probe of one POD: a target, or one of its own addresses as a control. */
export interface Task {
  readonly target: Target
  readonly column: number
  readonly isControl: boolean
}

/**
 * The probes of a source in their order, with controls if anything may be silent; rotated by source to spread the load.
 */
export function tasksOf(plan: ProbePlan, set: RuleSet, row: number): readonly Task[] {
  const { targets, rules, sources } = plan
  const hasControls = controlledRows(plan, set).has(row)
  const source = sources[row] as Source
  const all = [...targets.entries()].flatMap(([column, target]): Task[] => {
    if (rules[row]?.[column] !== NOT_PROBED) return [{ target, column, isControl: false }]
    return hasControls && isSame(source, target) ? [{ target, column, isControl: true }] : []
  })
  const start = all.findIndex(({ column }) => column > row)
  return start > 0 ? [...all.slice(start), ...all.slice(0, start)] : all
}

/** Whether silence may be a valid result, which needs controls. */
export const hasSilence = (plan: ProbePlan, set: RuleSet): boolean => controlledRows(plan, set).size > 0

const isSilence = ({ expect }: Expected) => expect === 'silent' || expect === 'blocked'

/** Cached: each source's probes depend on those of all. */
const controlled = new WeakMap<ProbePlan, ReadonlySet<number>>()

/** The sources on either end of a pair that may be silent: they also probe themselves. */
function controlledRows(plan: ProbePlan, set: RuleSet): ReadonlySet<number> {
  const known = controlled.get(plan)
  if (known) return known
  const rows = new Set<number>()
  const targets = new Set<string>()
  for (const [row, rules] of plan.rules.entries())
    for (const [column, rule] of rules.entries()) {
      const target = plan.targets[column]
      if (!target || rule === NOT_PROBED || !isSilence(expectedOf(set, rule))) continue
      rows.add(row)
      targets.add(podKey(target))
    }
  for (const [row, source] of plan.sources.entries()) if (targets.has(podKey(source))) rows.add(row)
  controlled.set(plan, rows)
  return rows
}

/** Compares observations with rules. */
export function assembleProbes(
  plan: ProbePlan,
  set: RuleSet,
  network: readonly NodeFacts[],
  observed: Observed,
  servers: Servers,
): ProbeMatrix {
  const { sources, targets, rules, probe } = plan
  const wrong: WrongProbe[] = []
  const counts = { expected: 0, reached: 0, forbidden: 0, closed: 0, unsent: 0 }
  const controls = controlsOf(plan, set, observed, servers)
  const unproved: UnprovedPod[] = []
  const rows = sources.map((source, row) => {
    const { results = [], others = new Map<number, readonly Source[]>() } = observed.get(podKey(source)) ?? {}
    const cells: (Observation | undefined)[] = targets.map(() => undefined)
    const missing = new Map<Family, Omit<UnprovedPod, 'source' | 'family'>>()
    for (const [index, { target, column, isControl }] of tasksOf(plan, set, row).entries()) {
      const result = results[index]
      if (isControl || !result) continue
      cells[column] = result
      const rule = rules[row]?.[column] ?? NOT_PROBED
      const expected = expectedOf(set, rule)
      const must = expected.expect === 'reply' ? 'expected' : 'forbidden'
      counts[must]++
      const circumstances = {
        interfaceMtu: probe.payload === 'mtu' ? mtuOf(network, source, target.family) : undefined,
        others: others.get(index) ?? [],
      }
      const why = judge({ ...expected, mtu: set.rules[rule]?.mtu }, result, target, circumstances)
      if (why !== undefined) {
        wrong.push({ source, target, why })
        continue
      }
      if (must === 'expected') {
        counts.reached++
        continue
      }
      const lacking = result.kind === 'silent' ? controls.lackingFor(source, target) : undefined
      const lackingUnsent = result.kind === 'unsent' ? controls.lackingOf(source, target.family) : undefined
      const reason = lacking ?? lackingUnsent
      if (reason !== undefined) {
        const known = missing.get(target.family)
        missing.set(target.family, { ...(known ?? reason), pairs: (known?.pairs ?? 0) + 1 })
        continue
      }
      counts.closed++
      if (result.kind === 'unsent') counts.unsent++
    }
    for (const [family, lacks] of missing) unproved.push({ source, family, ...lacks })
    return cells
  })
  return { probe, sources, targets, rows, rules, wrong, unproved, counts }
}

type Lacking = Pick<UnprovedPod, 'why' | 'isSlow'>

/** Why the silence between two PODs proves nothing. */
interface Controls {
  lackingOf(source: Source, family: Family): Lacking | undefined
  lackingFor(source: Source, target: Target): Lacking | undefined
}

/**
 * Silence is proved if, in the same round, the source got an answer (from a POD that must answer or, without one, from
 * its own server) and lost no packets, and the target answered some POD.
 */
function controlsOf(plan: ProbePlan, set: RuleSet, observed: Observed, servers: Servers): Controls {
  const { sources, rules } = plan
  const heard = new Set<string>()
  const expecting = new Set<string>()
  const answering = new Set<string>()
  for (const [row, source] of sources.entries()) {
    const { results = [] } = observed.get(podKey(source)) ?? {}
    for (const [index, { target, column, isControl }] of tasksOf(plan, set, row).entries()) {
      const result = results[index]
      const isReply = result?.kind === 'reply'
      const key = `${podKey(source)} ${target.family}`
      const mustReply = !isControl && expectedOf(set, rules[row]?.[column] ?? NOT_PROBED).expect === 'reply'
      if (mustReply) expecting.add(key)
      if (isReply && mustReply) heard.add(key)
      if (isReply && isControl) heard.add(`${key} itself`)
      if (isReply && (!result.by || isSame(result.by, target))) answering.add(`${podKey(target)} ${target.family}`)
    }
  }
  const lackingOf = (source: Source, family: Family) => {
    const key = `${podKey(source)} ${family}`
    if (heard.has(key)) return undefined
    if (expecting.has(key)) return { why: 'no POD that must answer did', isSlow: false }
    return heard.has(`${key} itself`) ? undefined : { why: 'it does not even answer itself', isSlow: false }
  }
  const lackingFor = (source: Source, target: Target) => {
    const drops = observed.get(podKey(source))?.clientDrops ?? 0
    if (drops > 0) return { why: `its prober lost ${drops} packets`, isSlow: true }
    if (!isService(target)) {
      const server = servers.get(podKey(target))
      const isUdp = plan.probe.protocol.startsWith('udp/')
      if (server && server.drops > 0)
        return { why: `the server of ${target.pod} lost ${server.drops} packets`, isSlow: true }
      // For other protocols, the kernel answers.
      if (server && isUdp && server.stall > STALL_MS)
        return { why: `the server of ${target.pod} did not run for ${server.stall} ms`, isSlow: true }
      if (!answering.has(`${podKey(target)} ${target.family}`))
        return { why: `${target.pod} answered nobody, not even itself`, isSlow: false }
    }
    return lackingOf(source, target.family)
  }
  return { lackingOf, lackingFor }
}

/** The MTU of the interface with a POD's address of a family. */
export function mtuOf(network: readonly NodeFacts[], source: Source, family: Family): number | undefined {
  const pod = network.find(({ node }) => node === source.node)?.pods.find(({ name }) => name === source.pod)
  const wanted = family === 4 ? 'inet' : 'inet6'
  const has = pod?.interfaces.find(({ addr_info }) =>
    addr_info.some(one => one.family === wanted && one.scope === 'global'),
  )
  return has?.mtu
}
