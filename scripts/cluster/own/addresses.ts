import { parseTemplate } from '../../settings/addressing.ts'
import type { NodePlan } from '../../settings/nodes.ts'

/** What an interface of a node is given; nothing for one that stays down. */
export interface InterfaceAddress {
  readonly ipv4: string
  readonly netmask: string
  readonly ipv6: string
  readonly ipv6Length: number
}

const LENGTH = 24
/** An IPv6 address ends with the IPv4 address. */
const IPV6_BITS_IN_FRONT = 96

/**
 * The addresses of a node on one net: contract, "Networks and login".
 * @param prefix the beginning of its IPv6 address
 */
export const addressOn = (net: number, node: number, prefix: string): InterfaceAddress =>
  addressesFrom(`192.168.${net}.${node}`, LENGTH, prefix)

/**
 * Addresses on a net without addresses in its topology: the template's bits between the two lengths hold the net's number,
 * the bits after them the node's.
 * @param template `169.254.0.0/20/24`, as the variable XLAN_TEMPLATE has it
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

/** `/etc/hosts` of every node: all of them, by IPv4 as `vm-001`, by IPv6 as `ip6-vm-001`. */
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
