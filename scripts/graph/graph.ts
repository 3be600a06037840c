import { foreignName, type Interface, kindOf, type NodeFacts, ownInterfaces } from '../proof/facts.ts'
import { netOfMac } from '../settings/mac-address.ts'

export interface GraphInterface {
  /** `vm-001/eth1`, `vm-001-ns02/eth0` */
  readonly id: string
  readonly name: string
  /** The kernel's name (veth, bridge, vlan, ipvlan, macvlan, vxlan, ip6tnl, …), or `nic` for hardware. */
  readonly kind: string
  readonly up: boolean
  readonly mac?: string
  /** In bytes. */
  readonly mtu?: number
  /** Global addresses with prefix lengths. */
  readonly addresses: readonly string[]
  /** ID of a VLAN, mode of an ipvlan or macvlan, VNI of a VXLAN unless routes set it. */
  readonly detail?: string
}

export interface GraphPod {
  readonly name: string
  readonly interfaces: readonly GraphInterface[]
}

export interface GraphNode {
  readonly name: string
  readonly interfaces: readonly GraphInterface[]
  readonly pods: readonly GraphPod[]
}

/**
 * A link between two interfaces. `net` links lead to a net instead of an interface. A `tunnel` leads from a tunnel
 * device to the interface of another node that has the remote address of the device's routes.
 */
export interface GraphLink {
  readonly kind: 'veth' | 'port' | 'below' | 'net' | 'tunnel'
  readonly from: string
  readonly to: string
}

/** A network as read from the nodes: nothing is derived from settings. */
export interface Graph {
  readonly version: 1
  readonly nodes: readonly GraphNode[]
  readonly links: readonly GraphLink[]
}

/** Excludes tunnel devices, which have an IP address here, or none. */
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/

/** Combines the facts of all nodes. */
export function buildGraph(network: readonly NodeFacts[]): Graph {
  const links: GraphLink[] = []
  const nodes = network.map(({ node, interfaces, pods, foreign = [] }): GraphNode => {
    const byIndex = new Map(interfaces.map(device => [device.ifindex, device]))
    const byName = new Set(interfaces.map(({ ifname }) => ifname))
    for (const device of ownInterfaces(interfaces)) {
      const from = `${node}/${device.ifname}`
      if (device.master) links.push({ kind: 'port', from, to: `${node}/${device.master}` })
      if (kindOf(device) !== 'veth' && device.link && byName.has(device.link))
        links.push({ kind: 'below', from, to: `${node}/${device.link}` })
      links.push(...netLinks(from, device))
    }
    const others = foreign.map(({ name, ...facts }) => ({ name: escapeBlanks(foreignName(node, name)), ...facts }))
    const graphPods = [...pods, ...others].map(pod => {
      for (const device of ownInterfaces(pod.interfaces)) {
        links.push(...netLinks(`${pod.name}/${device.ifname}`, device))
        // A POD knows only the index of the peer, which is in the node's own namespace.
        const other = device.link_index === undefined ? undefined : byIndex.get(device.link_index)
        if (!other) continue
        const kind = kindOf(device) === 'veth' ? 'veth' : 'below'
        links.push({ kind, from: `${pod.name}/${device.ifname}`, to: `${node}/${other.ifname}` })
      }
      return { name: pod.name, interfaces: ownInterfaces(pod.interfaces).map(device => describe(pod.name, device)) }
    })
    return { name: node, interfaces: ownInterfaces(interfaces).map(device => describe(node, device)), pods: graphPods }
  })
  return { version: 1, nodes, links: [...links, ...tunnels(network)] }
}

/** The net of a NIC. Net 0, for maintenance, leads to the host; in embedded clusters it does not connect VMs. */
function netLinks(from: string, device: Interface): readonly GraphLink[] {
  const net = netOfMac(device.address) ?? 0
  return net > 0 && kindOf(device) === 'nic' ? [{ kind: 'net', from, to: `net ${net}` }] : []
}

/** Escapes spaces and control characters of names that users chose, as `\\x20`. */
const escapeBlanks = (name: string): string =>
  name.replaceAll(/[\s\p{Cc}]/gu, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)

function tunnels(network: readonly NodeFacts[]): readonly GraphLink[] {
  const owners = new Map(
    network.flatMap(({ node, interfaces }) =>
      interfaces.flatMap(({ ifname, addr_info }) =>
        addr_info.filter(({ scope }) => scope === 'global').map(({ local }) => [local, `${node}/${ifname}`] as const),
      ),
    ),
  )
  const ends = new Map<string, GraphLink>()
  for (const { node, routes } of network) {
    for (const { dev, encap, dst = '' } of routes) {
      const [from, to] = [`${node}/${dev}`, owners.get(dst)]
      if (encap && to && !to.startsWith(`${node}/`)) ends.set(`${from} ${to}`, { kind: 'tunnel', from, to })
    }
  }
  return [...ends.values()]
}

/** The kernel updates `operstate` up to a second after the carrier, which `LOWER_UP` shows. */
const isOperational = ({ flags, operstate }: Interface): boolean =>
  flags.includes('UP') && (flags.includes('LOWER_UP') || (operstate !== 'DOWN' && operstate !== 'LOWERLAYERDOWN'))

function describe(owner: string, device: Interface): GraphInterface {
  const data = device.linkinfo?.info_data ?? {}
  const detail = data.external ? undefined : (data.id ?? data.mode)
  return {
    id: `${owner}/${device.ifname}`,
    name: device.ifname,
    kind: kindOf(device),
    up: isOperational(device),
    addresses: device.addr_info
      .filter(({ scope }) => scope === 'global')
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    ...(MAC.test(device.address ?? '') && { mac: device.address }),
    ...(device.mtu !== undefined && { mtu: device.mtu }),
    ...(detail !== undefined && { detail: String(detail) }),
  }
}
