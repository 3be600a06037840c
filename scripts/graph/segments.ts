import type { Graph } from './graph.ts'

/** A line that connects interfaces of several nodes: a net, or the tunnels of one kind of device. */
export interface Segment {
  readonly label: string
  readonly ids: ReadonlySet<string>
  readonly kind: 'net' | 'tunnel'
}

/** Nets with more than one interface. */
export function nets({ links }: Graph): readonly Segment[] {
  const members = new Map<string, Set<string>>()
  for (const { kind, from, to } of links) if (kind === 'net') members.set(to, (members.get(to) ?? new Set()).add(from))
  return [...members]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .filter(([, ids]) => ids.size > 1)
    .map(([label, ids]) => ({ label, ids, kind: 'net' as const }))
}

/** Tunnels whose routes lead both ways. */
export function tunnels({ nodes, links }: Graph): readonly Segment[] {
  const pairs = links.filter(({ kind }) => kind === 'tunnel')
  const nodeOf = (id: string) => id.slice(0, id.indexOf('/'))
  const mutual = pairs.filter(({ from, to }) =>
    pairs.some(other => nodeOf(other.from) === nodeOf(to) && nodeOf(other.to) === nodeOf(from)),
  )
  const devices = new Map(nodes.flatMap(node => node.interfaces.map(device => [device.id, device])))
  const members = new Map<string, Set<string>>()
  for (const { from } of mutual) {
    const device = devices.get(from)
    const label = `${device?.name}: tunnels (${device?.kind})`
    members.set(label, (members.get(label) ?? new Set()).add(from))
  }
  return [...members].filter(([, ids]) => ids.size > 1).map(([label, ids]) => ({ label, ids, kind: 'tunnel' as const }))
}
