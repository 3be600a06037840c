import { testFailure } from '../errors/failure.ts'
import type { Family } from '../settings/family.ts'
import type { NodeFacts } from './facts.ts'
import { type PodAddress, podAddresses, podKey, type Source } from './network.ts'
import {
  contestedAddresses,
  groupOf,
  isExpected,
  isMeasurable,
  isSame,
  ownAddresses,
  type Reach,
  sideOf,
} from './reach.ts'

/** Pairs pinged at the same time. */
export interface Round {
  /** Whether all pairs must answer; otherwise none may. */
  readonly expected: boolean
  /**
   * One of the pair's addresses is also used in another group. Static neighbor entries on both ends tie it to one POD
   * for this round, so a reply comes from that POD.
   */
  readonly pinned: boolean
  /** PODs of one node ping different addresses. */
  readonly perPod: boolean
  includes(source: Source, destination: PodAddress): boolean
}

/**
 * Splits all pairs into rounds; each pair is in exactly one.
 * @throws Failure UNKNOWN_POD (exit 1) for a POD on no side
 */
export function roundsOf(reach: Reach, network: readonly NodeFacts[]): readonly Round[] {
  if (typeof reach === 'object') requireKnownPods(reach, network)
  const destinations = podAddresses(network)
  const contested = contestedAddresses(reach, destinations)
  const perPod = typeof reach === 'object' || contested.size > 0
  const pods = podsWith(contested, destinations)
  const isPinned = (source: Source, { address, family }: PodAddress) =>
    contested.size > 0 && (contested.has(address) || pods.has(keyOf(source, family)))
  const expects = (source: Source, destination: Source) => isExpected(reach, source, destination)
  const free: Round[] = [
    { expected: true, pinned: false, perPod, includes: (from, to) => expects(from, to) && !isPinned(from, to) },
  ]
  const groups = [
    ...new Set(network.flatMap(({ node, pods }) => pods.map(({ name }) => groupOf(reach, { pod: name, node })))),
  ]
  if (groups.length > 1)
    free.push({
      expected: false,
      pinned: false,
      perPod,
      includes: (from, to) => !expects(from, to) && !isPinned(from, to),
    })
  if (contested.size === 0) return free
  const within: Round = {
    expected: true,
    pinned: true,
    perPod: true,
    includes: (from, to) => expects(from, to) && isPinned(from, to),
  }
  const between = roundRobin(groups).map(
    (partners): Round => ({
      expected: false,
      pinned: true,
      perPod: true,
      includes: (from, to) => partners.get(groupOf(reach, from)) === groupOf(reach, to) && isPinned(from, to),
    }),
  )
  return [...free, within, ...between]
}

function requireKnownPods(reach: Exclude<Reach, string>, network: readonly NodeFacts[]): void {
  for (const { pods, node } of network) {
    const unknown = pods.find(({ name }) => sideOf(reach, name) < 0)
    if (unknown)
      throw testFailure('UNKNOWN_POD', `the test does not say which PODs ${unknown.name} on ${node} reaches`, { node })
  }
}

const keyOf = (source: Source, family: Family) => `${podKey(source)} ${family}`

/** Keys of the PODs and families that use one of the addresses. */
const podsWith = (addresses: ReadonlySet<string>, destinations: readonly PodAddress[]): ReadonlySet<string> =>
  new Set(destinations.filter(({ address }) => addresses.has(address)).map(one => keyOf(one, one.family)))

/**
 * Pairs each group with every other one in as few rounds as possible (circle method). A group has one partner in a
 * round, because a neighbor entry can tie an address to one MAC only.
 * @returns for each round the partner of each group
 */
function roundRobin(groups: readonly string[]): readonly ReadonlyMap<string, string>[] {
  const [fixed, ...others] = groups.length % 2 === 0 ? groups : [undefined, ...groups]
  return others.map((_, shift) => {
    const circle = [fixed, ...others.slice(shift), ...others.slice(0, shift)]
    const partners = new Map<string, string>()
    for (let index = 0; index < circle.length / 2; index++) {
      const [one, other] = [circle[index], circle[circle.length - 1 - index]]
      if (one === undefined || other === undefined) continue
      partners.set(one, other).set(other, one)
    }
    return partners
  })
}

/** The addresses that all PODs of a node ping in a round that is not {@link Round.perPod}. */
export function commonTargets(network: readonly NodeFacts[], round: Round, node: string): readonly PodAddress[] {
  const anyPod = { pod: '', node }
  return podAddresses(network).filter(to => round.includes(anyPod, to))
}

/**
 * Input of `netns_test matrix` for a node and a round. `!` marks forbidden addresses, `=` the PODs' own addresses as
 * the control: silence proves nothing to a POD that cannot ping itself.
 */
export function inputFor(network: readonly NodeFacts[], reach: Reach, round: Round, node: string): string {
  const lines = round.perPod ? pairsFor(network, reach, round, node) : targetsFor(commonTargets(network, round, node))
  if (round.expected || lines === '') return lines
  const own = targetsFor(podAddresses(network).filter(one => one.node === node))
  return marked('!', lines) + marked('=', own)
}

const marked = (mark: string, lines: string) => lines.replaceAll(/^(?=.)/gm, mark)

/** Lines `<pod> <address>…` for `netns_test matrix`: each POD pings all but its own addresses. */
export function targetsFor(destinations: readonly PodAddress[]): string {
  const byPod = new Map<string, string[]>()
  for (const destination of destinations)
    byPod.set(destination.pod, [...(byPod.get(destination.pod) ?? []), destination.address])
  return linesOf(byPod)
}

/** Lines `<source pod> <address>…` for `netns_test matrix --pairs`. */
export function pairsFor(network: readonly NodeFacts[], reach: Reach, round: Round, node: string): string {
  const bySource = new Map<string, string[]>()
  for (const { source, destination } of pairsOf(network, reach, round, node))
    bySource.set(source.pod, [...(bySource.get(source.pod) ?? []), destination.address])
  return linesOf(bySource)
}

const linesOf = (lines: ReadonlyMap<string, readonly string[]>): string =>
  [...lines].map(([pod, addresses]) => `${pod} ${addresses.join(' ')}\n`).join('')

/** Bytes of IP and ICMP headers, and the most data that an echo request can carry. */
const [HEADERS_6, HEADERS_4, MAX_DATA] = [48, 28, 65_000] as const

/**
 * Lines `+<source pod> <bytes of data> <address>…` for `netns_test matrix`: full-sized packets from each POD to one POD
 * in each node, by each family, among the expected pairs of the rounds.
 */
export function largePacketsFor(
  network: readonly NodeFacts[],
  reach: Reach,
  rounds: readonly Round[],
  node: string,
): string {
  const facts = network.find(one => one.node === node)
  const all = podAddresses(network)
  const byNode = new Map<string, PodAddress[]>()
  for (const one of all) byNode.set(one.node, [...(byNode.get(one.node) ?? []), one])
  const lines = (facts?.pods ?? []).map(({ name, interfaces }, index) => {
    const source = { pod: name, node }
    const own = ownAddresses(all, source)
    const mtuOf = (family: Family) => {
      const device = own.find(one => one.family === family)?.interface
      return interfaces.find(({ ifname }) => ifname === device)?.mtu
    }
    const isExpectedPair = (to: PodAddress) =>
      !isSame(source, to) &&
      isExpected(reach, source, to) &&
      rounds.some(round => round.expected && round.includes(source, to))
    const chosen = ([4, 6] as const).flatMap(family =>
      [...byNode.values()].flatMap(others => {
        const ofFamily = others.filter(one => one.family === family)
        // Rotated by source, to spread the load.
        const rotated = [...ofFamily.slice(index + 1), ...ofFamily.slice(0, index + 1)]
        const to = mtuOf(family) === undefined ? undefined : rotated.find(isExpectedPair)
        return to ? [to] : []
      }),
    )
    const headers = chosen.some(({ family }) => family === 6) ? HEADERS_6 : HEADERS_4
    const data = Math.min(...chosen.map(({ family }) => (mtuOf(family) ?? 0) - headers), MAX_DATA)
    return chosen.length > 0 && data > 0 ? `+${name} ${data} ${chosen.map(({ address }) => address).join(' ')}\n` : ''
  })
  return lines.join('')
}

/** Lines `<source pod> <interface> <address> <mac>` for `netns_test static_neighbours`. */
export function neighborsFor(network: readonly NodeFacts[], reach: Reach, round: Round, node: string): string {
  const all = podAddresses(network)
  const lines = pairsOf(network, reach, round, node).flatMap(({ source, destination: { family, address, mac } }) => {
    const own = ownAddresses(all, source).find(one => one.family === family)
    return own && mac && own.address !== address ? [`${source.pod} ${own.interface} ${address} ${mac}\n`] : []
  })
  return lines.join('')
}

function pairsOf(network: readonly NodeFacts[], reach: Reach, round: Round, node: string) {
  const destinations = podAddresses(network)
  const sources = network.filter(facts => facts.node === node).flatMap(({ pods }) => pods.map(({ name }) => name))
  return sources.flatMap(pod => {
    const source = { pod, node }
    const own = new Set(ownAddresses(destinations, source).map(({ address }) => address))
    return destinations
      .filter(to => round.includes(source, to) && isMeasurable(reach, source, to, own))
      .map(destination => ({ source, destination }))
  })
}
