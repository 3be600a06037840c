import type { Family } from '../../settings/family.ts'
import type { NodeFacts } from '../facts.ts'
import type { Source } from '../network.ts'
import { isSame } from '../reach.ts'
import { judge } from './judge.ts'
import type { Observation, PodObservations } from './observation.ts'
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
  /** `it got no answer from itself or from a POD that must answer` */
  readonly why: string
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

export interface ProbeCounts {
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

export const podKey = ({ node, pod }: Source): string => `${node} ${pod}`

/** A probe of one POD: a target, or one of its own addresses as a control. */
export interface Task {
  readonly target: Target
  readonly column: number
  readonly isControl: boolean
}

/** The probes of a source, in the order in which it is told; rotated by source to spread the load. */
export function tasksOf(plan: ProbePlan, row: number, hasControls: boolean): readonly Task[] {
  const { targets, rules, sources } = plan
  const source = sources[row] as Source
  const all = [...targets.entries()].flatMap(([column, target]): Task[] => {
    if (rules[row]?.[column] !== NOT_PROBED) return [{ target, column, isControl: false }]
    return hasControls && isSame(source, target) ? [{ target, column, isControl: true }] : []
  })
  const start = all.findIndex(({ column }) => column > row)
  return start > 0 ? [...all.slice(start), ...all.slice(0, start)] : all
}

/** Whether something may be silent, which needs controls. */
export const hasSilence = (plan: ProbePlan, set: RuleSet, row: number): boolean =>
  (plan.rules[row] ?? []).some(rule => rule !== NOT_PROBED && isSilence(expectedOf(set, rule)))

const isSilence = ({ expect }: Expected) => expect === 'silent' || expect === 'blocked'

/** Compares observations with rules. */
export function assembleProbes(
  plan: ProbePlan,
  set: RuleSet,
  network: readonly NodeFacts[],
  observed: Observed,
): ProbeMatrix {
  const { sources, targets, rules, probe } = plan
  const wrong: WrongProbe[] = []
  const counts = { expected: 0, reached: 0, forbidden: 0, closed: 0, unsent: 0 }
  const controls = controlsOf(plan, set, observed)
  const unproved: UnprovedPod[] = []
  const rows = sources.map((source, row) => {
    const { results = [], others = new Map<number, readonly Source[]>() } = observed.get(podKey(source)) ?? {}
    const cells: (Observation | undefined)[] = targets.map(() => undefined)
    const missing = new Map<Family, { pairs: number; why: string }>()
    for (const [index, { target, column, isControl }] of tasksOf(plan, row, hasSilence(plan, set, row)).entries()) {
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
        missing.set(target.family, { pairs: (known?.pairs ?? 0) + 1, why: known?.why ?? reason })
        continue
      }
      counts.closed++
      if (result.kind === 'unsent') counts.unsent++
    }
    for (const [family, { pairs, why }] of missing) unproved.push({ source, family, pairs, why })
    return cells
  })
  return { probe, sources, targets, rows, rules, wrong, unproved, counts }
}

/** Says why the silence between two PODs proves nothing. */
interface Controls {
  lackingOf(source: Source, family: Family): string | undefined
  lackingFor(source: Source, target: Target): string | undefined
}

/**
 * A POD proves silence if its client was answered in the same round: by a POD that must answer, or without one by its
 * own server; and if it lost no packets. The target must have been up: it answered somebody.
 */
function controlsOf(plan: ProbePlan, set: RuleSet, observed: Observed): Controls {
  const { sources, rules } = plan
  const heard = new Set<string>()
  const expecting = new Set<string>()
  const answering = new Set<string>()
  for (const [row, source] of sources.entries()) {
    const { results = [] } = observed.get(podKey(source)) ?? {}
    for (const [index, { target, column, isControl }] of tasksOf(plan, row, hasSilence(plan, set, row)).entries()) {
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
    if (expecting.has(key)) return 'no POD that must answer did'
    return heard.has(`${key} itself`) ? undefined : 'it does not even answer itself'
  }
  const lackingFor = (source: Source, target: Target) => {
    const drops = observed.get(podKey(source))?.clientDrops ?? 0
    if (drops > 0) return `its prober lost ${drops} packets`
    if (!isService(target)) {
      const lost = observed.get(podKey(target))?.serverDrops ?? 0
      if (lost > 0) return `the server of ${target.pod} lost ${lost} packets`
      if (!answering.has(`${podKey(target)} ${target.family}`)) return `${target.pod} answered nobody, not even itself`
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
