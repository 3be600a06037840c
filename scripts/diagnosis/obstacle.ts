import type { Family } from '../settings/family.ts'
import { type Device, kindOf, type Space } from './spaces.ts'

/** Something that keeps packets from where they are to go, as the nodes' own facts show it. */
export interface Obstacle {
  /** The node's name, or the POD's. */
  readonly subject: string
  readonly node: string
  /** `eth0 is down` */
  readonly what: string
  /**
   * What is down or missing below explains what is missing above: the lower the rank, the sooner it is named. Undefined for what nothing
   * else explains: a setting, a rule.
   */
  readonly rank: 0 | 1 | 2 | undefined
}

const at = ({ name, node }: Space, what: string, rank: Obstacle['rank']): Obstacle => ({
  subject: name,
  node,
  what,
  rank,
})

/** A VLAN goes down with what is below it: of both, the lower one is named. */
export const downs = (devices: readonly Device[]): readonly Obstacle[] =>
  devices
    .filter(
      ({ space, device }) =>
        kindOf(device) !== 'vlan' ||
        !devices.some(other => other.space === space && other.device.ifname === device.link),
    )
    .map(({ space, device }) => at(space, `${device.ifname} is down`, 0))

export const noPort = ({ space, device }: Device, bridge: string): Obstacle =>
  at(space, `${device.ifname} is not a port of ${bridge}`, 0)

export const noAddress = ({ space, device }: Device, family: Family): Obstacle =>
  at(space, `${device.ifname} has no IPv${family} address`, 1)

export const noGateway = (space: Space, gateway: string, of: string): Obstacle =>
  at(space, `no interface has ${gateway}, the gateway ${of}`, 1)

export const refusal = (space: Space, how: string): Obstacle => at(space, how, 2)

/** @param to whose addresses there is no route to */
export const noRoute = (space: Space, family: Family, to: Space): Obstacle =>
  at(space, `no IPv${family} route to the ${to.node === space.node ? 'other ' : ''}PODs of ${to.node}`, 2)

/** @param sysctl with its value */
export const unforwarded = (space: Space, family: Family, sysctl: string): Obstacle =>
  at(space, `IPv${family} forwarding is off (${sysctl})`, undefined)

/** @param sysctl with its value */
export const silent = (space: Space, sysctl: string): Obstacle => at(space, `it ignores pings (${sysctl})`, undefined)

export const dropped = (space: Space, how: string): Obstacle => at(space, how, undefined)
