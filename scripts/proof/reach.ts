import { testFailure } from '../errors/failure.ts'
import type { NodeFacts, PodAddress, Source } from './network.ts'
import { podAddresses } from './network.ts'

/**
 * Which PODs a test says reach each other: all of the cluster, or those of a node, or those of a side, among themselves and nobody
 * else. PODs of different sides may have the same addresses.
 */
export type Reach = 'all' | 'node' | Sides

/** The PODs of each side by their names; one that ends with `*` stands for all that begin so. */
export interface Sides {
  readonly sides: readonly (readonly string[])[]
}

/** Whether a test says that a POD reaches another. */
export const isExpected = (reach: Reach, source: Source, destination: Source): boolean =>
  groupOf(reach, source) === groupOf(reach, destination)

/** What PODs that reach each other have in common, and no others. */
export function groupOf(reach: Reach, { pod, node }: Source): string {
  if (reach === 'all') return ''
  if (reach === 'node') return node
  const side = reach.sides.findIndex(names => names.some(name => stands(name, pod)))
  return side < 0 ? pod : `side ${side + 1}`
}

const stands = (name: string, pod: string) => (name.endsWith('*') ? pod.startsWith(name.slice(0, -1)) : pod === name)

/**
 * Whether a ping can tell of a pair: not of a POD and itself, nor of a POD that must not be reached by an address that the source
 * has, too, since that answers itself.
 * @param own the source's addresses
 */
export const isMeasurable = (
  reach: Reach,
  source: Source,
  destination: PodAddress,
  own: ReadonlySet<string>,
): boolean =>
  source.pod !== destination.pod && (isExpected(reach, source, destination) || !own.has(destination.address))

/** Pairs that are pinged at the same time. */
export interface Round {
  /** Whether all of them must answer; else none. */
  readonly expected: boolean
  /**
   * An address may be there on several sides: static neighbour entries, on both ends, say whose it is in this round, so that an
   * answer is the answer of that POD and no other.
   */
  readonly pinned: boolean
  wants(source: Source, destination: Source): boolean
}

/**
 * The rounds in which every pair comes once.
 * @throws Failure UNKNOWN_POD (exit 1) when there is a POD on no side
 */
export function roundsOf(reach: Reach, network: readonly NodeFacts[]): readonly Round[] {
  const pinned = typeof reach === 'object'
  const wants = (source: Source, destination: Source) => isExpected(reach, source, destination)
  const first: Round = { expected: true, pinned, wants }
  if (reach === 'all') return [first]
  if (reach === 'node') return [first, { expected: false, pinned, wants: (...pair) => !wants(...pair) }]
  const groups = reach.sides.map((_, index) => `side ${index + 1}`)
  for (const { pods, node } of network) {
    const stranger = pods.find(({ name }) => !groups.includes(groupOf(reach, { pod: name, node })))
    if (stranger) throw testFailure('UNKNOWN_POD', `the test does not say whom ${stranger.name} on ${node} reaches`)
  }
  const twos = groups.flatMap((one, index) => groups.slice(index + 1).map(other => new Set([one, other])))
  const between = twos.map((two): Round => {
    const isOf = (source: Source) => two.has(groupOf(reach, source))
    return { expected: false, pinned, wants: (from, to) => isOf(from) && isOf(to) && !wants(from, to) }
  })
  return [first, ...between]
}

/** What all PODs of a node ping in a round that is not pinned, each but what is its own. */
export function pingedFrom(network: readonly NodeFacts[], round: Round, node: string): readonly PodAddress[] {
  const anyPod = { pod: '', node }
  return podAddresses(network).filter(to => round.wants(anyPod, to))
}

/** What the PODs of a node are to ping in a round: input for `netns_test matrix`. What must be silent is behind a `!`. */
export function inputFor(network: readonly NodeFacts[], reach: Reach, round: Round, node: string): string {
  const lines = round.pinned ? pairsFor(network, reach, round, node) : targetsFor(pingedFrom(network, round, node))
  return round.expected ? lines : lines.replaceAll(/^(?=.)/gm, '!')
}

/** What the PODs of a node are to ping, each what is not its own: lines for `netns_test matrix`, `<pod> <address>…`. */
export function targetsFor(destinations: readonly PodAddress[]): string {
  const byPod = new Map<string, string[]>()
  for (const destination of destinations)
    byPod.set(destination.pod, [...(byPod.get(destination.pod) ?? []), destination.address])
  return linesOf(byPod)
}

/** The same for each POD of a node by itself: lines for `netns_test matrix --pairs`, `<source pod> <address>…`. */
export function pairsFor(network: readonly NodeFacts[], reach: Reach, round: Round, node: string): string {
  const bySource = new Map<string, string[]>()
  for (const { source, destination } of pairsOf(network, reach, round, node))
    bySource.set(source.pod, [...(bySource.get(source.pod) ?? []), destination.address])
  return linesOf(bySource)
}

const linesOf = (lines: ReadonlyMap<string, readonly string[]>): string =>
  [...lines].map(([pod, addresses]) => `${pod} ${addresses.join(' ')}\n`).join('')

/** Whose the addresses are in a round: lines for `netns_test static_neighbours`, `<source pod> <interface> <address> <mac>`. */
export function neighboursFor(network: readonly NodeFacts[], reach: Reach, round: Round, node: string): string {
  const all = podAddresses(network)
  const lines = pairsOf(network, reach, round, node).flatMap(({ source, destination: { family, address, mac } }) => {
    const own = all.find(one => one.pod === source.pod && one.node === node && one.family === family)
    return own && mac && own.address !== address ? [`${source.pod} ${own.interface} ${address} ${mac}\n`] : []
  })
  return lines.join('')
}

function pairsOf(network: readonly NodeFacts[], reach: Reach, round: Round, node: string) {
  const destinations = podAddresses(network)
  const sources = network.filter(facts => facts.node === node).flatMap(({ pods }) => pods.map(({ name }) => name))
  return sources.flatMap(pod => {
    const source = { pod, node }
    const own = ownAddresses(destinations, pod)
    return destinations
      .filter(to => round.wants(source, to) && isMeasurable(reach, source, to, own))
      .map(destination => ({ source, destination }))
  })
}

/** The addresses of a POD. */
export const ownAddresses = (destinations: readonly PodAddress[], pod: string): ReadonlySet<string> =>
  new Set(destinations.filter(destination => destination.pod === pod).map(({ address }) => address))
