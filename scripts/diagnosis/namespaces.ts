import { type Interface, type NodeFacts, ownInterfaces, type Route } from '../proof/facts.ts'
import type { Family } from '../settings/family.ts'

/** The network namespace of a node or POD. */
export interface Namespace {
  /** Name of the node or POD. */
  readonly name: string
  readonly node: string
  readonly isPod: boolean
  readonly interfaces: readonly Interface[]
  readonly routes: readonly Route[]
}

/** An interface and its namespace. */
export interface Device {
  readonly namespace: Namespace
  readonly device: Interface
}

/** All namespaces of a cluster. */
export const namespacesOf = (network: readonly NodeFacts[]): readonly Namespace[] =>
  network.flatMap(({ node, interfaces, routes, pods }) => [
    { name: node, node, isPod: false, interfaces, routes },
    ...pods.map(({ name, ...facts }) => ({ ...facts, name, node, isPod: true })),
  ])

/** Administratively up. A device without carrier counts as up: its peer is the cause. */
export const isUp = ({ flags }: Interface): boolean => flags.includes('UP')

export const ownDevices = ({ interfaces }: Namespace): readonly Interface[] => ownInterfaces(interfaces)

const FAMILY_NAMES = { inet: 4, inet6: 6 } as const

/** Global addresses of an interface. */
export const addressesOf = ({ addr_info }: Interface, family: Family): readonly string[] =>
  addr_info.filter(info => info.scope === 'global' && FAMILY_NAMES[info.family] === family).map(({ local }) => local)

export const hasAddress = ({ addr_info }: Interface, address: string): boolean =>
  addr_info.some(({ local }) => local === address)
