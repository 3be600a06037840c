import type { Family } from '../settings/family.ts'
import { FALLBACK_DEVICES, type Interface, type NodeFacts, type PodFacts } from './facts.ts'
import type { Matrix } from './matrix.ts'
import { type PodAddress, podAddresses } from './network.ts'
import { isSame } from './reach.ts'
import { sharedAddresses } from './summary.ts'

/** The network that a test's steps set up. */
export interface Expectation {
  /** Names of PODs by node. */
  readonly pods: ReadonlyMap<string, readonly string[]>
  /** Families that each POD must have an address of. */
  readonly families: readonly Family[]
}

/** A reason other than a wrong pair for which a proof fails. */
export type Finding = {
  readonly node: string
  readonly pod?: string
} & (
  | { readonly kind: 'pod-gone'; readonly pod: string; readonly of: number }
  | { readonly kind: 'interface-down'; readonly pod: string; readonly interface: string }
  | { readonly kind: 'address-lost'; readonly pod: string; readonly family: Family; readonly of: number }
  /** Other PODs have an address of the family. */
  | { readonly kind: 'family-missing'; readonly pod: string; readonly family: Family; readonly of: number }
  | { readonly kind: 'address-shared'; readonly address: string; readonly pods: readonly string[] }
  /** The POD got no reply from itself or from its peers, so silence of others proves nothing. */
  | { readonly kind: 'silence-unproved'; readonly pod: string; readonly family: Family }
  | { readonly kind: 'nothing-proved'; readonly pods: number }
)

/** Compares the network with the expected one; additional PODs are no finding. */
export function compareNetwork(network: readonly NodeFacts[], { pods, families }: Expectation): readonly Finding[] {
  return [...pods].flatMap(([node, names]) => {
    const facts = network.find(one => one.node === node)
    return names.flatMap((pod): Finding[] => {
      const found = facts?.pods.find(({ name }) => name === pod)
      if (!found) return [{ kind: 'pod-gone', node, pod, of: names.length }]
      const down = found.interfaces.filter(isDown)
      if (down.length > 0) return down.map(({ ifname }) => ({ kind: 'interface-down', node, pod, interface: ifname }))
      const has = familiesOf(found)
      return families
        .filter(family => !has.includes(family))
        .map(family => ({ kind: 'address-lost', node, pod, family, of: names.length }))
    })
  })
}

/** PODs without an address of a family that others have, in a network that this program did not set up. */
export function familyFindings(network: readonly NodeFacts[]): readonly Finding[] {
  const pods = network.flatMap(({ node, pods: all }) =>
    all.map(pod => ({ node, pod: pod.name, of: all.length, families: familiesOf(pod) })),
  )
  return ([4, 6] as const)
    .filter(family => pods.some(({ families }) => families.includes(family)))
    .flatMap(family =>
      pods
        .filter(({ families }) => !families.includes(family))
        .map(({ node, pod, of }): Finding => ({ kind: 'family-missing', node, pod, family, of })),
    )
}

const isDown = ({ ifname, flags }: Interface) => !FALLBACK_DEVICES.test(ifname) && !flags.includes('UP')

const familiesOf = ({ name, interfaces }: PodFacts): readonly Family[] => {
  const addresses = podAddresses([{ node: '', interfaces: [], routes: [], pods: [{ name, interfaces, routes: [] }] }])
  return ([4, 6] as const).filter(family => addresses.some(one => one.family === family))
}

/** Findings of a matrix besides its wrong pairs. */
export function matrixFindings(matrix: Matrix): readonly Finding[] {
  const { sources, rows, unreachable = [] } = matrix
  const findings: Finding[] = []
  if (!rows.some(row => row.some(Boolean)))
    findings.push({ kind: 'nothing-proved', node: sources[0]?.node ?? '', pods: sources.length })
  for (const [address, owners] of sharedAddresses(matrix))
    findings.push({
      kind: 'address-shared',
      node: owners[0]?.node ?? '',
      address,
      pods: owners.map(({ pod }) => pod),
    })
  for (const { source, family } of unreachable)
    findings.push({ kind: 'silence-unproved', node: source.node, pod: source.pod, family })
  return findings
}

/** Addresses of several PODs: a reply does not show which of them a rule is about. */
export function sharedFindings(addresses: readonly PodAddress[]): readonly Finding[] {
  const owners = new Map<string, PodAddress[]>()
  for (const one of addresses) owners.set(one.address, [...(owners.get(one.address) ?? []), one])
  return [...owners].flatMap(([address, all]): Finding[] => {
    const pods = [...new Set(all.map(({ pod }) => pod))]
    return all.some(one => !isSame(one, all[0] as PodAddress))
      ? [{ kind: 'address-shared', node: all[0]?.node ?? '', address, pods }]
      : []
  })
}

/** Drops the addresses of other families. */
export const filterFamilies = (network: readonly NodeFacts[], families: readonly Family[]): readonly NodeFacts[] =>
  network.map(facts => ({
    ...facts,
    pods: facts.pods.map(pod => ({
      ...pod,
      interfaces: pod.interfaces.map(one => ({
        ...one,
        addr_info: one.addr_info.filter(({ family }) => families.includes(family === 'inet' ? 4 : 6)),
      })),
    })),
  }))

/** Names in a line; the rest are counted. */
const MAX_NAMES = 8

/** A line for each group of equal findings: `vm-002: 2 of 4 PODs are gone: vm-002-ns03, vm-002-ns04`. */
export function describeFindings(findings: readonly Finding[]): readonly { node: string; text: string }[] {
  const groups = new Map<string, [Finding, ...Finding[]]>()
  for (const finding of findings) {
    const alike = groups.get(groupOf(finding))
    if (alike) alike.push(finding)
    else groups.set(groupOf(finding), [finding])
  }
  return [...groups.values()].map(alike => ({ node: alike[0].node, text: describe(alike[0], alike) }))
}

const groupOf = (finding: Finding): string => {
  const { kind, node } = finding
  if (kind === 'address-shared') return `${kind} ${finding.address}`
  if (kind === 'interface-down') return `${kind} ${finding.pod} ${finding.interface}`
  return `${kind} ${node} ${'family' in finding ? finding.family : ''}`
}

function describe(first: Finding, alike: readonly Finding[]): string {
  const names = alike.flatMap(({ pod }) => (pod === undefined ? [] : [pod]))
  const list = listNames(names)
  switch (first.kind) {
    case 'pod-gone':
      return `${first.node}: ${names.length} of ${first.of} PODs are gone: ${list}`
    case 'interface-down':
      return `${first.pod}: ${first.interface} is down`
    case 'address-lost':
      return `${first.node}: ${names.length} of ${first.of} PODs lost their IPv${first.family} address: ${list}`
    case 'family-missing': {
      const have = names.length === 1 ? 'has' : 'have'
      return `${first.node}: ${names.length} of ${first.of} PODs ${have} no IPv${first.family} address, but others have: ${list}`
    }
    case 'address-shared':
      return `address ${first.address} is used by ${first.pods.join(' and ')}`
    case 'silence-unproved': {
      const why = 'for PODs without replies from themselves or their peers'
      return `${first.node}: blocked IPv${first.family} pairs are unproved ${why}: ${list}`
    }
    case 'nothing-proved':
      return `nothing was proved: ${counted(first.pods, 'POD')}, no pairs to ping`
  }
}

function listNames(names: readonly string[]): string {
  const more = names.length > MAX_NAMES ? [`… (${names.length - MAX_NAMES} more)`] : []
  return [...names.slice(0, MAX_NAMES), ...more].join(', ')
}

/**
 * Describes a network that this program did not set up: `4 PODs in 2 nodes, all with IPv4 and IPv6 addresses`, and
 * a line for each family that only some PODs have.
 */
export function describeNetwork(network: readonly NodeFacts[]): readonly string[] {
  const pods = network.flatMap(facts => facts.pods.map(pod => ({ pod: pod.name, families: familiesOf(pod) })))
  if (pods.length === 0) return [`no PODs in ${counted(network.length, 'node')}`]
  const nodes = network.filter(facts => facts.pods.length > 0).length
  const found = `${counted(pods.length, 'POD')} in ${counted(nodes, 'node')}`
  const all = ([4, 6] as const).filter(family => pods.some(({ families }) => families.includes(family)))
  if (all.length === 0) return [`${found}, ${pods.length === 1 ? 'without' : 'all without'} addresses`]
  const have = all.map(family => `IPv${family}`).join(' and ')
  const lacking = all.flatMap(family => {
    const without = pods.filter(({ families }) => !families.includes(family)).map(({ pod }) => pod)
    if (without.length === 0) return []
    const verb = without.length === 1 ? 'has' : 'have'
    const others = counted(pods.length - without.length, 'other')
    return `${listNames(without)} ${verb} no IPv${family} address, unlike ${others}`
  })
  const extent = lacking.length > 0 ? 'not all with' : pods.length === 1 ? 'with' : 'all with'
  return [`${found}, ${extent} ${have} addresses`, ...lacking]
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
