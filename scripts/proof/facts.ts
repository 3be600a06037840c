/** The members of `ip -d -j address` that are used. */
export interface Interface {
  readonly ifname: string
  /** The veth peer, or the parent of a VLAN, ipvlan or macvlan, if it is in the same namespace. */
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

/** Loopback, and the unused devices that the kernel creates in every namespace once a tunnel module is loaded. */
export const FALLBACK_DEVICES = /^(lo|ip6tnl0|sit0|tunl0|erspan0|gre0|gretap0|ip6gre0|ip_vti0|ip6_vti0)$/

/** Interfaces except {@link FALLBACK_DEVICES}. */
export const ownInterfaces = (interfaces: readonly Interface[]): readonly Interface[] =>
  interfaces.filter(({ ifname }) => !FALLBACK_DEVICES.test(ifname))

/** The kernel's name of an interface's kind, or `nic` for hardware. */
export const kindOf = ({ linkinfo }: Pick<Interface, 'linkinfo'>): string => linkinfo?.info_kind ?? 'nic'

export interface AddressInfo {
  readonly family: 'inet' | 'inet6'
  readonly local: string
  readonly prefixlen: number
  readonly scope: string
}

/** The members of `ip -j route show table all` that are used. */
export interface Route {
  /** An address, a prefix or `default`; the tunnel's remote end if the route encapsulates. */
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

/** A POD as reported by its node. */
export interface PodFacts {
  readonly name: string
  readonly interfaces: readonly Interface[]
  readonly routes: readonly Route[]
}

/** The output of `netns_test status --json`: the node's actual state. */
export interface NodeFacts {
  readonly node: string
  /** NPODS in the node's settings. */
  readonly npods?: number
  readonly interfaces: readonly Interface[]
  readonly routes: readonly Route[]
  readonly pods: readonly PodFacts[]
  /** Named network namespaces that are not PODs; undefined with an older ovl. */
  readonly foreign?: readonly PodFacts[]
  /** Names in /var/run/netns without a mounted namespace. */
  readonly stale?: readonly string[]
}

/** The cluster-wide name of a network namespace that is not a POD: `vm-001/red`. */
export const foreignName = (node: string, name: string): string => `${node}/${name}`
