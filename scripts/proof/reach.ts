import type { PodAddress, Source } from './network.ts'

/**
 * Which PODs must reach each other: all, those of the same node, or those of the same side. All other pairs must not
 * answer. PODs of different nodes or sides may have equal addresses.
 */
export type Reach = 'all' | 'node' | Sides

/** POD names by side; a trailing `*` matches any suffix. */
export interface Sides {
  readonly sides: readonly (readonly string[])[]
}

/** Whether the pair must answer. */
export const isExpected = (reach: Reach, source: Source, destination: Source): boolean =>
  groupOf(reach, source) === groupOf(reach, destination)

/** PODs with equal groups must reach each other. */
export function groupOf(reach: Reach, { pod, node }: Source): string {
  if (reach === 'all') return ''
  if (reach === 'node') return node
  const side = sideOf(reach, pod)
  return side < 0 ? pod : `side ${side + 1}`
}

/** The index of a POD's side, or -1. */
export const sideOf = ({ sides }: Sides, pod: string): number =>
  sides.findIndex(names => names.some(name => matchesName(name, pod)))

const matchesName = (name: string, pod: string) =>
  name.endsWith('*') ? pod.startsWith(name.slice(0, -1)) : pod === name

/**
 * Whether a ping can measure a pair: not from a POD to itself, nor to a forbidden POD by an address that the source
 * has too, because the source would answer.
 * @param own the source's addresses
 */
export const isMeasurable = (
  reach: Reach,
  source: Source,
  destination: PodAddress,
  own: ReadonlySet<string>,
): boolean => !isSame(source, destination) && (isExpected(reach, source, destination) || !own.has(destination.address))

/** POD names are unique only within a node. */
export const isSame = (one: Source, other: Source): boolean => one.pod === other.pod && one.node === other.node

export const ownAddresses = (destinations: readonly PodAddress[], source: Source): readonly PodAddress[] =>
  destinations.filter(destination => isSame(destination, source))

/** Addresses used in several groups: a reply does not show which POD sent it. */
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
