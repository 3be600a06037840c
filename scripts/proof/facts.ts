/** An interface as `ip -d -j address` tells it; only what is used here. */
export interface Interface {
  readonly ifname: string
  /** The other end of a veth, or the device below a VLAN, ipvlan or macvlan, where it is in the same namespace. */
  readonly link?: string
  readonly link_index?: number
  readonly ifindex: number
  readonly master?: string
  readonly operstate?: string
  readonly flags: readonly string[]
  readonly address?: string
  readonly mtu?: number
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: Readonly<Record<string, unknown>> }
  readonly addr_info: readonly AddressInfo[]
}

/** What the kernel makes in every namespace once a module is there, and nobody uses; and the loopback. */
export const FALLBACK_DEVICES = /^(lo|ip6tnl0|sit0|tunl0|erspan0|gre0|gretap0|ip6gre0|ip_vti0|ip6_vti0)$/

export interface AddressInfo {
  readonly family: 'inet' | 'inet6'
  readonly local: string
  readonly prefixlen: number
  readonly scope: string
}

/** A route as `ip -j route show table all` tells it; only what is used here. */
export interface Route {
  /** Where to: an address, one with a prefix length, or `default`. Of a route with an encapsulation of its own, where its packets are sent. */
  readonly dst?: string
  readonly dev?: string
  readonly encap?: string
  readonly gateway?: string
  /** `unicast`, `local`, `blackhole`… */
  readonly type?: string
  readonly table?: string
  readonly metric?: number
  readonly flags?: readonly string[]
}

/** A POD as its node tells it. */
export interface PodFacts {
  readonly name: string
  readonly interfaces: readonly Interface[]
  readonly routes: readonly Route[]
}

/** A node as `netns_test status --json` tells it: measured, not computed. */
export interface NodeFacts {
  readonly node: string
  /** How many PODs the settings in the node say that it makes: NPODS. */
  readonly npods?: number
  readonly interfaces: readonly Interface[]
  readonly routes: readonly Route[]
  readonly pods: readonly PodFacts[]
  /** Network namespaces that are not PODs, as `ip netns add` makes them. A VM with an older ovl does not tell. */
  readonly foreign?: readonly PodFacts[]
  /** Names in /var/run/netns on which no namespace is mounted. */
  readonly stale?: readonly string[]
}

/** How a network namespace that is not a POD is called beyond its node: `vm-001/red`. */
export const foreignName = (node: string, name: string): string => `${node}/${name}`
