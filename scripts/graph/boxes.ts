import type { GraphInterface, GraphPod } from './graph.ts'

/** A box of the picture. A page with the picture finds its element by class and `data-ids`. */
export interface Box {
  readonly ids: readonly string[]
  readonly lines: readonly string[]
  /** `pod`, or the kind of the interface. */
  readonly kind: string
  readonly up: boolean
}

/** The box of a POD, with its addresses. */
export const podBox = ({ name, interfaces }: GraphPod): Box => ({
  ids: interfaces.map(({ id }) => id),
  lines: [name, ...interfaces.flatMap(linesOf)],
  kind: 'pod',
  up: interfaces.every(({ up }) => up),
})

/** The box of an interface of a node. */
export const interfaceBox = (device: GraphInterface): Box => ({
  ids: [device.id],
  lines: linesOf(device),
  kind: device.kind,
  up: device.up,
})

const linesOf = ({ name, kind, detail, up, addresses }: GraphInterface): readonly string[] => [
  `${name}${kind === 'nic' || kind === 'veth' ? '' : ` (${kind}${detail ? ` ${detail}` : ''})`}${up ? '' : ' is down'}`,
  ...addresses,
]
