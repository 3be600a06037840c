import type { PodAddress, Source } from './network.ts'

/**
 * Which PODs a test says reach each other: all of the cluster, or those of a node, or those of a side, among themselves and nobody
 * else. PODs of different nodes or sides may have the same addresses.
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
  const side = sideOf(reach, pod)
  return side < 0 ? pod : `side ${side + 1}`
}

/** The index of the side that a POD is on; -1 where it is on none. */
export const sideOf = ({ sides }: Sides, pod: string): number =>
  sides.findIndex(names => names.some(name => stands(name, pod)))

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
): boolean => !isSame(source, destination) && (isExpected(reach, source, destination) || !own.has(destination.address))

/** Names of PODs are unique within a node. */
export const isSame = (one: Source, other: Source): boolean => one.pod === other.pod && one.node === other.node

/** The addresses of a POD. */
export const ownAddresses = (destinations: readonly PodAddress[], source: Source): readonly PodAddress[] =>
  destinations.filter(destination => isSame(destination, source))

/** Addresses that PODs of several groups have: without more, nobody knows which of them answers a ping. */
export function contestedAddresses(reach: Reach, destinations: readonly PodAddress[]): ReadonlySet<string> {
  const groups = new Map<string, string>()
  const contested = new Set<string>()
  for (const destination of destinations) {
    const group = groupOf(reach, destination)
    const first = groups.get(destination.address)
    if (first === undefined) groups.set(destination.address, group)
    else if (first !== group) contested.add(destination.address)
  }
  return contested
}
