import type { GraphInterface, GraphPod } from './graph.ts'

/** A thing that is drawn as a box. Class and `data-ids` of its element are for a page that holds the picture. */
export interface Box {
  /** The interfaces in it. */
  readonly ids: readonly string[]
  readonly lines: readonly string[]
  /** `pod`, or the interface's. */
  readonly kind: string
  readonly up: boolean
}

export const podBox = ({ name, interfaces }: GraphPod): Box => ({
  ids: interfaces.map(({ id }) => id),
  lines: [name, ...interfaces.flatMap(linesOf)],
  kind: 'pod',
  up: interfaces.every(({ up }) => up),
})

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
