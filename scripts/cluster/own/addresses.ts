import { parseTemplate } from '../../settings/addressing.ts'
import type { NodePlan } from '../../settings/nodes.ts'

/** The addresses of a node's interface. */
export interface InterfaceAddress {
  readonly ipv4: string
  readonly netmask: string
  readonly ipv6: string
  readonly ipv6Length: number
}

const LENGTH = 24
/** IPv6 addresses end with the IPv4 address. */
const IPV6_BITS_IN_FRONT = 96

/** A node's addresses on a net: docs/xcluster.md, "Networks and login". */
export const addressOn = (net: number, node: number, prefix: string): InterfaceAddress =>
  addressesFrom(`192.168.${net}.${node}`, LENGTH, prefix)

/**
 * Addresses on a net to which the topology gives none: the bits between the template's two lengths hold the net's
 * number, the bits after them the node's.
 * @param template the value of XLAN_TEMPLATE: `169.254.0.0/20/24`
 * @throws Failure BAD_TEMPLATE (exit 2)
 */
export function addressByTemplate(template: string, net: number, node: number, prefix: string): InterfaceAddress {
  const { inner } = parseTemplate(template, 'xcluster_XLAN_TEMPLATE')
  const base = template.slice(0, template.indexOf('/')).split('.').map(Number)
  const number = base.reduce((sum, byte) => sum * 256 + byte, 0) + net * 2 ** (32 - inner) + node
  const bytes = [24, 16, 8, 0].map(shift => Math.floor(number / 2 ** shift) % 256)
  return addressesFrom(bytes.join('.'), inner, prefix)
}

const addressesFrom = (ipv4: string, length: number, prefix: string): InterfaceAddress => ({
  ipv4,
  netmask: [0, 1, 2, 3].map(byte => 256 - 2 ** (8 - Math.min(8, Math.max(0, length - 8 * byte)))).join('.'),
  ipv6: `${prefix}:${ipv4}`,
  ipv6Length: IPV6_BITS_IN_FRONT + length,
})

/** `/etc/hosts` of every node, with the IPv4 addresses of `vm-001` and the IPv6 addresses of `ip6-vm-001`. */
export function hostsText(
  nodes: readonly Pick<NodePlan, 'name' | 'number' | 'role' | 'nets'>[],
  prefix: string,
): string {
  const lines = nodes.flatMap(({ name, number, role, nets }) => {
    const usual = role === 'tester' ? 2 : 1
    const net = nets.includes(usual) ? usual : (nets[1] ?? nets[0] ?? 0)
    const { ipv4, ipv6 } = addressOn(net, number, prefix)
    return [`${ipv4} ${name}`, `${ipv6} ip6-${name}`]
  })
  return [...LOCAL, ...lines, ''].join('\n')
}

const LOCAL = [
  '127.0.0.1 localhost',
  '::1 localhost ip6-localhost ip6-loopback',
  'ff02::1 ip6-allnodes',
  'ff02::2 ip6-allrouters',
]
