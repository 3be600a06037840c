/** What an entry of a ledger is about. */
export type EntryKind =
  | 'namespace'
  | 'mount'
  | 'file'
  | 'link'
  | 'address'
  | 'route'
  | 'rule'
  | 'nexthop'
  | 'neighbor'
  | 'forwarding entry'
  | 'VLAN'
  | 'nftables'
  | 'iptables'
  | 'tc'
  | 'sysctl'

/** One object in a node or POD. */
export interface Entry {
  readonly kind: EntryKind
  /** Identifies it within its place and kind: `10.1.0.2/16 on eth0`. */
  readonly name: string
  /** Its properties, without volatile ones; a change of one is a difference. */
  readonly facts: Facts
  /** The interface whose deletion deletes it. */
  readonly device?: string | undefined
  /** Of a route that the kernel adds: the address whose deletion deletes it; empty for any address of the device. */
  readonly address?: string | undefined
  /** The nftables chain, iptables table and the like whose deletion deletes it. */
  readonly container?: string | undefined
}

export type Facts = Readonly<Record<string, string>>

/** The state of a node and of its PODs. */
export interface Ledger {
  readonly node: string
  /** By node or POD. */
  readonly places: ReadonlyMap<string, readonly Entry[]>
  /** What could not be read, and why: `vm-001: nft is missing`. */
  readonly omitted: readonly string[]
}

/** A nested value by the paths of its leaves: `{ a: { b: 1 } }` is `{ 'a.b': '1' }`. */
export function factsOf(value: unknown, isShown: (name: string) => boolean = () => true): Facts {
  const facts: Record<string, string> = {}
  const walk = (prefix: string, each: unknown) => {
    if (each === null || typeof each !== 'object' || Array.isArray(each)) {
      if (each !== undefined) facts[prefix] = typeof each === 'string' ? each : JSON.stringify(each)
      return
    }
    for (const [name, inner] of Object.entries(each))
      if (isShown(name)) walk(prefix ? `${prefix}.${name}` : name, inner)
  }
  walk('', value)
  return facts
}
