import { infrastructureFailure } from '../../errors/failure.ts'
import { shortText } from '../../host/text.ts'
import { podKey, type Source } from '../network.ts'
import { REFUSALS, type Refusal } from './rule.ts'

/** The observed result of a probe. */
export type Observation =
  /** `by` is missing for ICMP, which does not say who answers. */
  | { readonly kind: 'reply'; readonly by?: Source; readonly milliseconds: number }
  /** `from` sent the ICMP error; `mtu` is the one that it announced. */
  | { readonly kind: 'refused'; readonly refusal: Refusal | 'too-big'; readonly from?: string; readonly mtu?: number }
  /** Packets left the POD, and nothing came back. */
  | { readonly kind: 'silent'; readonly sent: number }
  /** The POD's kernel did not send: an error such as ENETUNREACH, or `dropped` without one. */
  | { readonly kind: 'unsent'; readonly why: string }
  /** The largest packet that was answered; `announced` by `from`, or not at all. */
  | { readonly kind: 'mtu'; readonly mtu: number; readonly announced?: number; readonly from?: string }
  | { readonly kind: 'stalled'; readonly bytes: number; readonly why: string }
  /** Connected, but the server did not identify itself. */
  | { readonly kind: 'unidentified'; readonly why: string }
  /** The reply came from an address other than the target. */
  | { readonly kind: 'misdirected'; readonly address: string; readonly by?: Source }

/** Output of `netns_test probe run` on a node. */
interface ProbeOutput {
  readonly node: string
  readonly text: string
}

/** What one POD observed. */
export interface PodObservations {
  /** By the index of the probe in the input. */
  readonly results: readonly (Observation | undefined)[]
  /** PODs that answered a datagram besides the first, by index. */
  readonly others: ReadonlyMap<number, readonly Source[]>
  /** Packets that this POD's client lost because it was too slow. */
  readonly clientDrops: number
}

/** Losses of a POD's server that was too slow. */
export interface ServerState {
  readonly drops: number
  /** Its longest stall in milliseconds. */
  readonly stall: number
}

/** How many probes each POD of a node was given, and which PODs can answer. */
export interface Asked {
  readonly counts: ReadonlyMap<string, number>
  readonly pods: ReadonlySet<string>
}

/**
 * Parses a node's output strictly.
 * @param asked the PODs of the node that were given probes, and the PODs that can answer as `<node> <pod>`
 * @throws Failure NO_PROBE (exit 4) for a probe that could not be sent or has no result, and for an invalid line
 */
export function readObservations({ node, text }: ProbeOutput, asked: Asked): ReadonlyMap<string, PodObservations> {
  const found = new Map<string, PodReader>()
  const fail = (why: string) => infrastructureFailure('NO_PROBE', `${node}: ${why}`, { node })
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [pod = '', ...words] = line.split(' ')
    const count = asked.counts.get(pod)
    const reader = found.get(pod) ?? { results: [], others: new Map(), drops: undefined }
    if (count === undefined || !readLine(reader, words, count, asked.pods))
      throw fail(explain(pod, words) ?? `invalid probe output '${shortText(line, 120)}'`)
    found.set(pod, reader)
  }
  const results = new Map<string, PodObservations>()
  for (const [pod, count] of asked.counts) {
    const { results: all, others, drops } = found.get(pod) ?? {}
    const missing = Array.from({ length: count }, (_, index) => index).find(index => !all?.[index])
    if (!all || !others || drops === undefined || missing !== undefined)
      throw fail(`${pod} did not report ${missing === undefined ? 'the end of its probes' : `probe ${missing}`}`)
    results.set(pod, { results: all, others, clientDrops: drops })
  }
  return results
}

/**
 * Parses a node's output of `netns_test probe state`.
 * @throws Failure NO_PROBE (exit 4) for an invalid line, and for a POD without a state
 */
export function readStates({ node, text }: ProbeOutput, pods: readonly string[]): ReadonlyMap<string, ServerState> {
  const states = new Map<string, ServerState>()
  for (const line of text.split('\n')) {
    const [, pod = '', drops, stall] = /^(\S+) end 0 (\d{1,9}) (\d{1,9})$/.exec(line) ?? []
    if (pods.includes(pod)) states.set(pod, { drops: Number(drops), stall: Number(stall) })
    else if (line !== '')
      throw infrastructureFailure('NO_PROBE', `${node}: invalid state '${shortText(line, 120)}'`, { node })
  }
  const missing = pods.find(pod => !states.has(pod))
  if (missing !== undefined)
    throw infrastructureFailure('NO_PROBE', `${node}: ${missing} did not report its state`, { node })
  return states
}

interface PodReader {
  readonly results: (Observation | undefined)[]
  readonly others: Map<number, readonly Source[]>
  drops: number | undefined
}

/** A line in which a prober reports that it could not run. */
const explain = (pod: string, [, kind, ...why]: readonly string[]): string | undefined =>
  kind === 'error' ? `${pod} could not probe: ${why.join(' ')}` : undefined

function readLine(reader: PodReader, words: readonly string[], count: number, pods: ReadonlySet<string>): boolean {
  const [first = '', kind = '', ...rest] = words
  if (first === 'end') {
    const drops = whole(kind)
    if (reader.drops !== undefined || drops === undefined || rest.length > 0) return false
    reader.drops = drops
    return true
  }
  const index = whole(first)
  if (index === undefined || index >= count) return false
  if (kind === 'also') {
    const by = readSource(rest, pods)
    if (by) reader.others.set(index, [...(reader.others.get(index) ?? []), by])
    return by !== undefined
  }
  const observation = readObservation(kind, rest, pods)
  if (!observation || reader.results[index]) return false
  reader.results[index] = observation
  return true
}

function readObservation(kind: string, words: readonly string[], pods: ReadonlySet<string>): Observation | undefined {
  const [one = '', two = '', three = '', four = ''] = words
  switch (`${kind} ${words.length}`) {
    case 'reply 3': {
      const milliseconds = /^\d{1,8}\.\d{3}$/.test(three) ? Number(three) : undefined
      if (milliseconds === undefined) return undefined
      if (one === '-' && two === '-') return { kind: 'reply', milliseconds }
      const by = readSource([one, two], pods)
      return by && { kind: 'reply', by, milliseconds }
    }
    case 'refused 3': {
      const refusal = [...REFUSALS, 'too-big' as const].find(name => name === one)
      const mtu = whole(three)
      if (!refusal || mtu === undefined) return undefined
      return { kind: 'refused', refusal, ...(two !== '-' && { from: shortText(two, 45) }), ...(mtu > 0 && { mtu }) }
    }
    case 'silent 1': {
      const sent = whole(one)
      return sent === undefined || sent === 0 ? undefined : { kind: 'silent', sent }
    }
    case 'unsent 1':
      return /^(dropped|E[A-Z0-9]{2,20})$/.test(one) ? { kind: 'unsent', why: one } : undefined
    case 'mtu 3': {
      const [mtu, announced] = [whole(one), whole(two)]
      if (mtu === undefined || announced === undefined) return undefined
      return { kind: 'mtu', mtu, ...(announced > 0 && { announced, from: shortText(three, 45) }) }
    }
    case 'stalled 2': {
      const bytes = whole(one)
      return bytes === undefined ? undefined : { kind: 'stalled', bytes, why: shortText(two, 20) }
    }
    case 'unidentified 1':
      return { kind: 'unidentified', why: shortText(one, 20) }
    case 'wrong 4': {
      if (one !== 'address') return undefined
      if (two === '-') return { kind: 'misdirected', address: shortText(four, 45) }
      const by = readSource([two, three], pods)
      return by && { kind: 'misdirected', address: shortText(four, 45), by }
    }
    default:
      return undefined
  }
}

const whole = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined

function readSource([node = '', pod = '']: readonly string[], pods: ReadonlySet<string>): Source | undefined {
  return pods.has(podKey({ node, pod })) ? { node, pod } : undefined
}
