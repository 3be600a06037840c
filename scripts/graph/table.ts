import type { Graph, GraphInterface } from './graph.ts'

const HEADINGS = ['NODE', 'POD', 'INTERFACE', 'KIND', 'STATE', 'MTU', 'MAC', 'LINKED-TO', 'ADDRESSES']

/**
 * A row for each interface of the network, VM by VM, each followed by its PODs.
 * @param isShown whether a VM, or a POD of it, is wanted
 */
export function networkTable({ nodes, links }: Graph, isShown: (node: string, name: string) => boolean): string[][] {
  const others = new Map<string, string[]>()
  const join = (id: string, other: string) =>
    others.set(id, [...(others.get(id) ?? []), other.replace(/^net /, 'net-')])
  for (const { kind, from, to } of links) {
    join(from, to)
    // The two ends of a veth are equals; a bridge, or what is below many, would have a list of all of them.
    if (kind === 'veth') join(to, from)
  }
  const row = (node: string, pod: string, { id, name, kind, detail, up, mtu, mac, addresses }: GraphInterface) => [
    node,
    pod,
    name,
    detail === undefined ? kind : `${kind}:${detail}`,
    up ? 'up' : 'down',
    String(mtu ?? ''),
    mac ?? '',
    (others.get(id) ?? []).join(','),
    addresses.join(','),
  ]
  const rows = nodes.flatMap(({ name: node, interfaces, pods }) => [
    ...(isShown(node, node) ? interfaces.map(device => row(node, '', device)) : []),
    ...pods
      .filter(({ name }) => isShown(node, name))
      .flatMap(pod => {
        const own = pod.interfaces.map(device => row(node, pod.name, device))
        // A POD that is not connected yet is there all the same.
        return own.length > 0 ? own : [[node, pod.name, ...HEADINGS.slice(2).map(() => '')]]
      }),
  ])
  return [HEADINGS, ...rows]
}
