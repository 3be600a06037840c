import { BlockList, isIP } from 'node:net'

/** An echo request or reply. */
export interface Packet {
  readonly family: 4 | 6
  readonly source: string
  readonly destination: string
  readonly isReply: boolean
  /** Input and output device, if it has them at this hook. */
  readonly iif?: string | undefined
  readonly oif?: string | undefined
}

/** Undefined if unknown. */
export type Tristate = boolean | undefined

/** All spellings of a packet's field; empty if the packet lacks the field, undefined if unknown. */
type Values = readonly string[] | undefined

interface Match {
  readonly op?: unknown
  readonly left?: unknown
  readonly right?: unknown
}

/**
 * Whether a packet matches a condition of a rule.
 * @param elementsOf the elements of a named set
 */
export function matches(
  { op, left, right }: Match,
  packet: Packet,
  elementsOf: (name: string) => readonly unknown[] | undefined,
): Tristate {
  if (op !== '==' && op !== '!=' && op !== 'in') return undefined
  const values = valuesOf(left, packet)
  if (values === undefined) return undefined
  // Without the field no operator matches, not even `!=`.
  if (values.length === 0) return false
  const found = isAmong(values, right, elementsOf)
  return op === '!=' && found !== undefined ? !found : found
}

/** The verdict of a map for a packet; `null` without a matching entry, undefined if unknown. */
export function lookUpVerdict(key: unknown, data: unknown, packet: Packet): unknown {
  const values = valuesOf(key, packet)
  const entries = data as { set?: unknown } | undefined
  if (values === undefined || !Array.isArray(entries?.set)) return undefined
  for (const entry of entries.set) {
    if (!Array.isArray(entry)) return undefined
    const found = isAmong(values, entry[0], () => undefined)
    if (found === undefined) return undefined
    if (found) return entry[1]
  }
  return null
}

function valuesOf(left: unknown, packet: Packet): Values {
  const { payload, meta, ct } = (left ?? {}) as Record<string, { protocol?: string; field?: string; key?: string }>
  if (payload) return payloadOf(payload.protocol, payload.field, packet)
  if (meta) return metaOf(meta.key, packet)
  // A flow stays new until its first reply.
  if (ct?.key === 'state') return packet.isReply ? ['established'] : ['new']
  return undefined
}

function payloadOf(protocol: string | undefined, field: string | undefined, packet: Packet): Values {
  const { family, source, destination, isReply } = packet
  switch (protocol) {
    case 'ip':
    case 'ip6':
      if (protocol !== (family === 4 ? 'ip' : 'ip6')) return []
      if (field === 'saddr') return [source]
      if (field === 'daddr') return [destination]
      return field === 'protocol' || field === 'nexthdr' ? icmpNames(family) : undefined
    case 'icmp':
    case 'icmpv6':
      if (protocol !== (family === 4 ? 'icmp' : 'icmpv6')) return []
      if (field !== 'type') return undefined
      return isReply ? ['echo-reply', family === 4 ? '0' : '129'] : ['echo-request', family === 4 ? '8' : '128']
    case 'tcp':
    case 'udp':
    case 'udplite':
    case 'sctp':
    case 'dccp':
      return []
    case 'ether':
      return field === 'type' ? etherTypes(family) : undefined
    case 'arp':
      return []
    default:
      return undefined
  }
}

function metaOf(key: string | undefined, { family, iif, oif }: Packet): Values {
  const named = (name: string | undefined) => (name === undefined ? undefined : [name])
  switch (key) {
    case 'l4proto':
      return icmpNames(family)
    case 'nfproto':
      return family === 4 ? ['ipv4', '2'] : ['ipv6', '10']
    case 'protocol':
      return etherTypes(family)
    case 'iifname':
    case 'iif':
      return named(iif)
    case 'oifname':
    case 'oif':
      return named(oif)
    default:
      return undefined
  }
}

const icmpNames = (family: 4 | 6) => (family === 4 ? ['icmp', '1'] : ['ipv6-icmp', 'icmpv6', '58'])
const etherTypes = (family: 4 | 6) => (family === 4 ? ['ip', '2048'] : ['ip6', '34525'])

function isAmong(
  values: readonly string[],
  right: unknown,
  elementsOf: (name: string) => readonly unknown[] | undefined,
): Tristate {
  if (typeof right === 'number') return values.includes(String(right))
  if (typeof right === 'string') {
    if (right.startsWith('@')) return isOneOf(values, elementsOf(right.slice(1)), elementsOf)
    return values.some(value => isEqual(value, right))
  }
  if (Array.isArray(right)) return isOneOf(values, right, elementsOf)
  const { prefix, range, set, elem } = (right ?? {}) as Record<string, unknown>
  if (Array.isArray(set)) return isOneOf(values, set, elementsOf)
  if (elem) return isAmong(values, (elem as { val?: unknown }).val, elementsOf)
  const [value = ''] = values
  try {
    if (prefix) {
      const { addr, len } = prefix as { addr: string; len: number }
      return inList(value, list => list.addSubnet(addr, len, kindOf(addr)))
    }
    if (Array.isArray(range)) {
      const [from, to] = range as [string, string]
      return inList(value, list => list.addRange(from, to, kindOf(from)))
    }
  } catch {
    // Not an address, such as a range of ports.
  }
  return undefined
}

function isOneOf(
  values: readonly string[],
  elements: readonly unknown[] | undefined,
  elementsOf: (name: string) => readonly unknown[] | undefined,
): Tristate {
  let all: Tristate = false
  for (const element of elements ?? [undefined]) {
    const found = isAmong(values, element, elementsOf)
    if (found) return true
    if (found === undefined) all = undefined
  }
  return all
}

/** Interface names may end in `*`; nft and `ip` write addresses alike. */
const isEqual = (value: string, pattern: string): boolean =>
  value === pattern || (pattern.endsWith('*') && value.startsWith(pattern.slice(0, -1)))

const kindOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

function inList(address: string, fill: (list: BlockList) => void): Tristate {
  if (isIP(address) === 0) return undefined
  const list = new BlockList()
  fill(list)
  return list.check(address, kindOf(address))
}
