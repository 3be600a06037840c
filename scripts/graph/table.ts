import type { Graph, GraphInterface } from './graph.ts'

const HEADINGS = ['NODE', 'POD', 'INTERFACE', 'KIND', 'STATE', 'MTU', 'MAC', 'LINKED-TO', 'ADDRESSES']

const NARROW_HEADINGS = ['WHERE', 'INTERFACE', 'KIND', 'STATE', 'ADDRESSES']

/**
 * The same for a terminal that is too narrow for all of it: what comes first, and each address on a line of its own.
 * @param table what {@link networkTable} returned
 */
export function narrowTable([, ...rows]: readonly (readonly string[])[]): string[][] {
  const lines = rows.flatMap(([node = '', pod = '', name = '', kind = '', state = '', , , , addresses = '']) => {
    const [first = '', ...others] = addresses.split(',')
    return [[pod || node, name, kind, state, first], ...others.map(address => ['"', '"', '"', '"', address])]
  })
  return [NARROW_HEADINGS, ...lines]
}

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
