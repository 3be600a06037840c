import { kindOf } from '../proof/facts.ts'
import type { Family } from '../settings/family.ts'
import type { Device, Namespace } from './namespaces.ts'

/** Something in the nodes' state that stops packets. */
export interface Obstacle {
  /** Name of the node or POD. */
  readonly subject: string
  readonly node: string
  /** `eth0 is down` */
  readonly what: string
  /** The layer: obstacles of lower rank explain those of higher rank. Undefined for settings and rules. */
  readonly rank: 0 | 1 | 2 | undefined
}

const at = ({ name, node }: Namespace, what: string, rank: Obstacle['rank']): Obstacle => ({
  subject: name,
  node,
  what,
  rank,
})

/** A VLAN goes down with its parent, so only the parent is reported. */
export const linksDown = (devices: readonly Device[]): readonly Obstacle[] =>
  devices
    .filter(
      ({ namespace, device }) =>
        kindOf(device) !== 'vlan' ||
        !devices.some(other => other.namespace === namespace && other.device.ifname === device.link),
    )
    .map(({ namespace, device }) => at(namespace, `${device.ifname} is down`, 0))

export const notAPort = ({ namespace, device }: Device, bridge: string): Obstacle =>
  at(namespace, `${device.ifname} is not a port of ${bridge}`, 0)

export const noAddress = ({ namespace, device }: Device, family: Family): Obstacle =>
  at(namespace, `${device.ifname} has no IPv${family} address`, 1)

export const noGateway = (namespace: Namespace, gateway: string, of: string): Obstacle =>
  at(namespace, `no interface has ${gateway}, the gateway ${of}`, 1)

export const refusedByRoute = (namespace: Namespace, how: string): Obstacle => at(namespace, how, 2)

/** @param to destination without a route */
export const noRoute = (namespace: Namespace, family: Family, to: Namespace): Obstacle =>
  at(namespace, `no IPv${family} route to the ${to.node === namespace.node ? 'other ' : ''}PODs of ${to.node}`, 2)

/** @param sysctl with its value */
export const forwardingOff = (namespace: Namespace, family: Family, sysctl: string): Obstacle =>
  at(namespace, `IPv${family} forwarding is off (${sysctl})`, undefined)

/** @param sysctl with its value */
export const ignoresPings = (namespace: Namespace, sysctl: string): Obstacle =>
  at(namespace, `ignores pings (${sysctl})`, undefined)

export const dropsPackets = (namespace: Namespace, how: string): Obstacle => at(namespace, how, undefined)
