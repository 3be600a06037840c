import { type Entry, factsOf } from '../entry.ts'
import type { Addresses, ForwardingEntry, Link, Vlan } from '../schema.ts'

/** Numbers that the kernel assigns, and states that depend on carrier, ports and timers. */
const VOLATILE = new Set([
  ...['ifindex', 'ifname', 'link_index', 'link_netnsid', 'operstate', 'qdisc', 'stats', 'stats64', 'flags', 'address'],
  ...['min_mtu', 'max_mtu', 'tso_max_size', 'tso_max_segs', 'linkmode', 'parentbus', 'parentdev', 'phys_port_id'],
  ...['bridge_id', 'root_id', 'root_port', 'root_path_cost', 'topology_change', 'topology_change_detected'],
  ...['hello_timer', 'tcn_timer', 'topology_change_timer', 'gc_timer', 'fdb_n_learned', 'mcast_n_groups'],
  ...['state', 'id', 'no', 'designated_port', 'designated_cost', 'designated_bridge', 'designated_root', 'hold_timer'],
  ...['message_age_timer', 'forward_delay_timer', 'topology_change_ack', 'config_pending'],
])

/** Flags that depend on the other end. */
const CARRIER = ['LOWER_UP', 'NO-CARRIER', 'DORMANT', 'ECHO', 'M-DOWN']

const ZERO = '00:00:00:00:00:00'

/** Interfaces, without volatile properties. */
export const linkEntries = (links: readonly Link[]): readonly Entry[] =>
  links.flatMap(link => {
    const { ifname, flags, address } = link
    if (ifname === undefined) return []
    const isAutomatic =
      link.linkinfo?.info_kind === 'bridge' &&
      (address === ZERO || links.some(port => port.master === ifname && port.address === address))
    const facts = {
      // First, for the description.
      kind: link.linkinfo?.info_kind ?? String(link.link_type),
      ...factsOf({ ...link, linkinfo: undefined }, name => !VOLATILE.has(name)),
      ...factsOf({ ...link.linkinfo, info_kind: undefined }, name => !VOLATILE.has(name)),
      flags: flags
        .filter(flag => !CARRIER.includes(flag))
        .sort()
        .join(','),
      // A bridge without an address of its own takes the lowest one of its ports.
      ...(address && { address: isAutomatic ? 'of a port' : address }),
    }
    return [{ kind: 'link' as const, name: ifname, facts, device: ifname }]
  })

/** The kernel adds these addresses when the carrier comes up, before or after a plugin returns. */
const isMadeOfMac = (address: string): boolean =>
  /^fe80::(?:[\da-f]{0,4}:)?[\da-f]{0,4}:?[\da-f]{0,2}ff:fe[\da-f]{2}:/.test(address)

/** Addresses, without those that the kernel derives from the MAC. */
export const addressEntries = (interfaces: readonly Addresses[]): readonly Entry[] =>
  interfaces.flatMap(({ ifname, addr_info }) =>
    addr_info.flatMap(info => {
      const { local, prefixlen, scope, family } = info
      if (ifname === undefined || local === undefined) return []
      if (scope === 'link' && family === 'inet6' && (isMadeOfMac(local) || info.stable_privacy === true)) return []
      const { valid_life_time, preferred_life_time, tentative: _, family: __, local: ___, ...others } = info
      const lasts = (seconds: unknown) => (seconds === 0xffff_ffff ? 'forever' : 'limited')
      return [
        {
          kind: 'address' as const,
          name: `${local}/${prefixlen} on ${ifname}`,
          facts: factsOf({ ...others, valid: lasts(valid_life_time), preferred: lasts(preferred_life_time) }),
          device: ifname,
        },
      ]
    }),
  )

/** The kernel listens to the groups of its addresses. */
const isMulticast = (mac: string): boolean => /^(?:33:33|01:00:5e):/.test(mac)

/** Static entries of the forwarding databases of bridges. */
export const forwardingEntries = (entries: readonly ForwardingEntry[], links: readonly Link[]): readonly Entry[] =>
  entries.flatMap(({ mac, ifname, flags, state, ...others }) => {
    const isConfigured = state === 'permanent' || state === 'static' || flags?.includes('extern_learn')
    const isOfLink = links.some(link => link.ifname === ifname && link.address === mac)
    if (!isConfigured || isMulticast(mac) || isOfLink || !ifname) return []
    const where = [others.dst && `dst ${others.dst}`, others.vlan !== undefined && `VLAN ${others.vlan}`].filter(
      Boolean,
    )
    const name = [`${mac} on ${ifname}`, ...where, ...(flags ?? [])].join(' ')
    const { used: _, updated: __, ...facts } = others as Record<string, unknown>
    return [{ kind: 'forwarding entry' as const, name, facts: factsOf({ state, ...facts }), device: ifname }]
  })

export const vlanEntries = (interfaces: readonly Vlan[]): readonly Entry[] =>
  interfaces.flatMap(({ ifname, vlans }) =>
    vlans.map(({ vlan, ...facts }) => ({
      kind: 'VLAN' as const,
      name: `${vlan} on ${ifname}`,
      facts: factsOf(facts),
      device: ifname,
    })),
  )
