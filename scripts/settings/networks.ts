import { BlockList, isIPv6 } from 'node:net'

export interface Network {
  /** As a number; bits after the prefix are ignored. */
  readonly address: number
  readonly length: number
}

/** Networks whose addresses an interface cannot have (RFC 6890, RFC 5771). */
const SPECIAL_IPV4: readonly (readonly [network: Network, what: string])[] = [
  [networkOf('0.0.0.0', 8), 'reserved (0.0.0.0/8)'],
  [networkOf('127.0.0.0', 8), 'loopback (127.0.0.0/8)'],
  [networkOf('169.254.0.0', 16), 'link-local (169.254.0.0/16)'],
  [networkOf('224.0.0.0', 4), 'multicast (224.0.0.0/4)'],
  [networkOf('240.0.0.0', 4), 'reserved (240.0.0.0/4)'],
]

/** The same for IPv6. Packets to the last one are sent as IPv4. */
const SPECIAL_IPV6 = [
  ['ff00::', 8, 'multicast (ff00::/8)'],
  ['fe80::', 10, 'link-local (fe80::/10)'],
  ['::', 96, 'the network of the unspecified and loopback addresses (::/96)'],
  ['::ffff:0:0', 96, 'IPv4-mapped (::ffff:0:0/96)'],
] as const

function networkOf(dotted: string, length: number): Network {
  return { address: dotted.split('.').reduce((number, byte) => number * 256 + Number(byte), 0), length }
}

/** True if networks have common addresses, that is, one contains the other. */
export function overlap(one: Network, other: Network): boolean {
  const size = 2 ** (32 - Math.min(one.length, other.length))
  return Math.floor(one.address / size) === Math.floor(other.address / size)
}

/** `172.16.1.0/24` */
export function formatNetwork({ address, length }: Network): string {
  const first = address - (address % 2 ** (32 - length))
  return `${[24, 16, 8, 0].map(bits => Math.floor(first / 2 ** bits) % 256).join('.')}/${length}`
}

/**
 * Names the special use that forbids addresses of an IPv4 network for PODs.
 * @param part whether any or all addresses must be affected
 */
export const specialUse = (network: Network, part: 'any' | 'whole'): string | undefined =>
  SPECIAL_IPV4.find(
    ([special]) => overlap(special, network) && (part === 'any' || special.length <= network.length),
  )?.[1]

/** The network 192.168.<net>.0/24 of the nodes on a net. */
export const networkOfNet = (net: number): Network => networkOf(`192.168.${net}.0`, 24)

/** Why a prefix cannot be used in `<PREFIX>:<IPv4>`; undefined for a valid one. */
export function prefixProblem(prefix: string): string | undefined {
  const address = `${prefix}:0.0.0.0`
  if (!/^[\da-f:]+$/i.test(prefix) || !isIPv6(address)) return 'is not the first part of an IPv6 address'
  for (const [network, length, what] of SPECIAL_IPV6) {
    const list = new BlockList()
    list.addSubnet(network, length, 'ipv6')
    if (list.check(address, 'ipv6')) return `is ${what}`
  }
  return undefined
}
