import { BlockList, isIPv6 } from 'node:net'

/** An IPv4 network. */
export interface Network {
  /** Its address as a number; bits behind the prefix are not looked at. */
  readonly address: number
  /** Length of its prefix, 0–32. */
  readonly length: number
}

/** Networks whose addresses are not an interface's own (RFC 6890, RFC 5771). */
const SPECIAL_IPV4: readonly (readonly [network: Network, what: string])[] = [
  [networkOf('0.0.0.0', 8), 'reserved (0.0.0.0/8)'],
  [networkOf('127.0.0.0', 8), 'loopback (127.0.0.0/8)'],
  [networkOf('169.254.0.0', 16), 'link-local (169.254.0.0/16)'],
  [networkOf('224.0.0.0', 4), 'multicast (224.0.0.0/4)'],
  [networkOf('240.0.0.0', 4), 'reserved (240.0.0.0/4)'],
]

/** The same for IPv6: the last one's addresses are sent as IPv4. */
const SPECIAL_IPV6 = [
  ['ff00::', 8, 'multicast (ff00::/8)'],
  ['fe80::', 10, 'link-local (fe80::/10)'],
  ['::', 96, 'where the unspecified and the loopback address are (::/96)'],
  ['::ffff:0:0', 96, 'IPv4 in disguise (::ffff:0:0/96)'],
] as const

/** @returns the network of a dotted address */
function networkOf(dotted: string, length: number): Network {
  return { address: dotted.split('.').reduce((number, byte) => number * 256 + Number(byte), 0), length }
}

/** Whether networks have addresses in common: then one contains the other. */
export function overlap(one: Network, other: Network): boolean {
  const behind = 2 ** (32 - Math.min(one.length, other.length))
  return Math.floor(one.address / behind) === Math.floor(other.address / behind)
}

/** `172.16.1.0/24` */
export function formatNetwork({ address, length }: Network): string {
  const first = address - (address % 2 ** (32 - length))
  return `${[24, 16, 8, 0].map(bits => Math.floor(first / 2 ** bits) % 256).join('.')}/${length}`
}

/**
 * What an IPv4 network is, where its addresses cannot be those of PODs.
 * @param part how much of it cannot
 */
export const specialUse = (network: Network, part: 'any' | 'whole'): string | undefined =>
  SPECIAL_IPV4.find(
    ([special]) => overlap(special, network) && (part === 'any' || special.length <= network.length),
  )?.[1]

/** The network 192.168.<net>.0/24 that nodes have on a net. */
export const ownNetwork = (net: number): Network => networkOf(`192.168.${net}.0`, 24)

/** Why a text cannot stand in front of an IPv4 address in `<PREFIX>:<IPv4>`; undefined where it can. */
export function wrongPrefix(prefix: string): string | undefined {
  const address = `${prefix}:0.0.0.0`
  if (!/^[\da-f:]+$/i.test(prefix) || !isIPv6(address)) return 'is not the beginning of an IPv6 address'
  for (const [network, length, what] of SPECIAL_IPV6) {
    const list = new BlockList()
    list.addSubnet(network, length, 'ipv6')
    if (list.check(address, 'ipv6')) return `is ${what}`
  }
  return undefined
}
