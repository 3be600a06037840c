import type { Interface, NodeFacts, Route } from '../proof/facts.ts'
import type { Family } from '../settings/family.ts'

/** A network namespace: that of a node, or that of a POD. */
export interface Namespace {
  /** The node's name, or the POD's. */
  readonly name: string
  readonly node: string
  readonly isPod: boolean
  readonly interfaces: readonly Interface[]
  readonly routes: readonly Route[]
}

/** An interface and where it is. */
export interface Device {
  readonly namespace: Namespace
  readonly device: Interface
}

/** Devices that the kernel makes by itself as soon as a module is loaded; nobody uses them. */
const FALLBACK = /^(lo|ip6tnl0|sit0|tunl0|erspan0|gre0|gretap0|ip6gre0)$/

/** All namespaces of a cluster, as its nodes describe them. */
export const namespacesOf = (network: readonly NodeFacts[]): readonly Namespace[] =>
  network.flatMap(({ node, interfaces, routes, pods }) => [
    { name: node, node, isPod: false, interfaces, routes },
    ...pods.map(({ name, ...facts }) => ({ ...facts, name, node, isPod: true })),
  ])

/** Set up by the administrator; a device without carrier is up in this sense: its other end is to blame. */
export const isUp = ({ flags }: Interface): boolean => flags.includes('UP')

/** The interfaces of a namespace that somebody made. */
export const ownDevices = ({ interfaces }: Namespace): readonly Interface[] =>
  interfaces.filter(({ ifname }) => !FALLBACK.test(ifname))

export const kindOf = ({ linkinfo }: Interface): string => linkinfo?.info_kind ?? 'nic'

const FAMILY_NAMES = { inet: 4, inet6: 6 } as const

/** The addresses of an interface that are valid beyond its link. */
export const addressesOf = ({ addr_info }: Interface, family: Family): readonly string[] =>
  addr_info.filter(info => info.scope === 'global' && FAMILY_NAMES[info.family] === family).map(({ local }) => local)

export const hasAddress = ({ addr_info }: Interface, address: string): boolean =>
  addr_info.some(({ local }) => local === address)
