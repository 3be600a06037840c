import type { Graph, GraphInterface } from './graph.ts'

const HEADINGS = ['NODE', 'POD', 'INTERFACE', 'KIND', 'STATE', 'MTU', 'MAC', 'LINKED-TO', 'ADDRESSES']

const NARROW_HEADINGS = ['WHERE', 'INTERFACE', 'KIND', 'STATE', 'ADDRESSES']

/**
 * Reduces the table for a narrow terminal: the most important columns, and each address in its own row.
 * @param table from {@link networkTable}
 */
export function narrowTable([, ...rows]: readonly (readonly string[])[]): string[][] {
  const lines = rows.flatMap(([node = '', pod = '', name = '', kind = '', state = '', , , , addresses = '']) => {
    const [first = '', ...others] = addresses.split(',')
    return [[pod || node, name, kind, state, first], ...others.map(address => ['"', '"', '"', '"', address])]
  })
  return [NARROW_HEADINGS, ...lines]
}

/**
 * A row for each interface, node by node, each followed by its PODs.
 * @param isShown selects nodes and PODs
 */
export function networkTable({ nodes, links }: Graph, isShown: (node: string, name: string) => boolean): string[][] {
  const others = new Map<string, string[]>()
  const join = (id: string, other: string) =>
    others.set(id, [...(others.get(id) ?? []), other.replace(/^net /, 'net-')])
  for (const { kind, from, to } of links) {
    join(from, to)
    // Only the ends of a veth list each other: a bridge would list all its ports.
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
        // A POD without interfaces has a row, too.
        return own.length > 0 ? own : [[node, pod.name, ...HEADINGS.slice(2).map(() => '')]]
      }),
  ])
  return [HEADINGS, ...rows]
}
