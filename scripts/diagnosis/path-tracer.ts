import { isIP } from 'node:net'
import { kindOf, type NodeFacts } from '../proof/facts.ts'
import type { PodAddress, Source } from '../proof/network.ts'
import type { Family } from '../settings/family.ts'
import type { AllFilters } from './filters.ts'
import { Links, type Reached } from './links.ts'
import { addressesOf, type Device, hasAddress, isUp, type Namespace, namespacesOf, ownDevices } from './namespaces.ts'
import { linksDown, noAddress, noGateway, noRoute, notAPort, type Obstacle, refusedByRoute } from './obstacle.ts'
import { Peers } from './peers.ts'
import { decide, tunnelEnds } from './routing.ts'
import { type TracedPacket, Transit } from './transit.ts'

/** More hops are a routing loop. */
const MAX_HOPS = 8

/**
 * Traces packets through routes, bridges, links, forwarding and rules in the reported state of the nodes. Anything that
 * nodes do not report (a faulty switch, other kinds of rules) is no obstacle.
 */
export class PathTracer {
  readonly #namespaces: readonly Namespace[]
  readonly #links: Links
  readonly #transit: Transit
  readonly #peers: Peers

  /** @param filters of the namespaces where they are known */
  constructor(network: readonly NodeFacts[], filters: AllFilters = new Map()) {
    this.#namespaces = namespacesOf(network)
    this.#transit = new Transit(filters)
    this.#links = new Links(this.#namespaces)
    this.#peers = new Peers(this.#namespaces)
  }

  /** Obstacles to a ping between PODs, in both directions. */
  obstacles(source: Source, destination: PodAddress): readonly Obstacle[] {
    const [from, to] = [this.#pod(source), this.#pod(destination)]
    return from && to ? this.#between(from, to, destination.address) : []
  }

  /**
   * Obstacles to a ping from a node to a POD.
   * @param address an address that the POD has, or should have
   */
  obstaclesFromNode(node: string, pod: string, address: string): readonly Obstacle[] {
    const from = this.#namespaces.find(({ name, isPod }) => name === node && !isPod)
    const to = this.#namespaces.find(({ name, isPod }) => name === pod && isPod)
    return from && to ? this.#between(from, to, address) : []
  }

  #pod({ pod, node }: Source): Namespace | undefined {
    return this.#namespaces.find(namespace => namespace.isPod && namespace.name === pod && namespace.node === node)
  }

  #between(from: Namespace, to: Namespace, address: string): readonly Obstacle[] {
    const family = isIP(address) as Family
    const own = this.#sourceAddress(from, address, family)
    const flow = { isChanged: own === undefined }
    const ping = { family, source: own ?? '', destination: address, isReply: false }
    const there = this.#path(from, to, { packet: ping, flow }, 0)
    const answer = { family, source: address, destination: own ?? '', isReply: true }
    const back =
      own === undefined ? this.#withoutAddress(from, family) : this.#path(to, from, { packet: answer, flow }, 0)
    const all = [...there, ...back]
    const lowest = Math.min(...all.flatMap(({ rank }) => rank ?? []))
    return all.filter(({ rank }) => rank === undefined || rank === lowest)
  }

  /** The source address for a destination: preferably one of the output device. */
  #sourceAddress(from: Namespace, address: string, family: Family): string | undefined {
    const decision = decide(from, address, family)
    const dev = decision.kind === 'sends' ? decision.dev : undefined
    const devices = [...from.interfaces.filter(({ ifname }) => ifname === dev), ...from.interfaces]
    return devices.flatMap(device => addressesOf(device, family))[0]
  }

  /**
   * @param iif input device; undefined where the packet was created
   * @returns nothing if the packet arrives, or if its path is unclear
   */
  #path(from: Namespace, to: Namespace, traced: TracedPacket, hops: number, iif?: string): readonly Obstacle[] {
    if (hops > MAX_HOPS) return []
    if (from === to) return this.#transit.delivered(to, traced, iif)
    const { family, destination: address } = traced.packet
    const pass = (oif?: string) =>
      hops === 0 ? this.#transit.sent(from, traced, oif) : this.#transit.routed(from, traced, iif, oif)
    const ends = from.isPod || from.node === to.node ? [] : tunnelEnds(from)
    if (ends.length > 0) return [...pass(), ...this.#throughTunnel(from, to, ends, traced, hops)]
    const decision = decide(from, address, family)
    if (decision.kind === 'unknown') return []
    if (decision.kind === 'refuses') return [refusedByRoute(from, decision.how)]
    if (decision.kind === 'has no route') return this.#withoutRoute(from, to, family)
    const device = this.#links.find(from, decision.dev)
    if (!device) return []
    const { gateway = address } = decision
    const reached = this.#links.from(device)
    const isGoal = ({ at }: Reached) => (gateway === address ? at.namespace === to : hasAddress(at.device, gateway))
    const [next] = reached
      .filter(each => each.at !== device && isGoal(each))
      .sort((a, b) => a.down.length - b.down.length)
    if (next) {
      const passed = pass(decision.dev)
      if (next.down.length > 0) return [...passed, ...linksDown(next.down)]
      const { namespace, device: entered } = next.at
      return [
        ...passed,
        ...this.#transit.bridged(next, traced),
        ...this.#path(namespace, to, traced, hops + 1, entered.ifname),
      ]
    }
    if (gateway === address) return this.#unattached(device, to)
    return this.#withoutGateway(device, reached, to, gateway, family)
  }

  /** Continues at the tunnel's other node. Rules are not applied to encapsulated packets. */
  #throughTunnel(
    from: Namespace,
    to: Namespace,
    ends: readonly string[],
    traced: TracedPacket,
    hops: number,
  ): readonly Obstacle[] {
    const other = this.#namespaces.find(({ name, isPod }) => !isPod && name === to.node)
    const end = ends.find(each => other?.interfaces.some(device => hasAddress(device, each)))
    if (!other || end === undefined) return []
    const outside = this.#underTunnel(from, other, end, isIP(end) as Family)
    return outside.length > 0 ? outside : this.#path(other, to, traced, hops + 1)
  }

  /** The path of the encapsulated packet, between nodes on a common net. */
  #underTunnel(from: Namespace, to: Namespace, end: string, family: Family): readonly Obstacle[] {
    const decision = decide(from, end, family)
    if (decision.kind === 'has no route') return this.#withoutRoute(from, to, family)
    if (decision.kind !== 'sends' || decision.gateway !== undefined) return []
    const device = this.#links.find(from, decision.dev)
    const next = device && this.#links.from(device).find(({ at }) => at.namespace === to && hasAddress(at.device, end))
    return next ? linksDown(next.down) : []
  }

  /** A missing route is explained by a device that is down or has lost its address. */
  #withoutRoute(from: Namespace, to: Namespace, family: Family): readonly Obstacle[] {
    const devices = ownDevices(from).flatMap(device => this.#links.find(from, device.ifname) ?? [])
    const used = devices.filter(device => this.#peers.isUsed(device))
    const down = used.filter(({ device }) => !isUp(device))
    if (down.length > 0) return linksDown(down)
    const without = used.find(({ device }) => this.#peers.lacksAddress(device, from, family))
    if (without) return [noAddress(without, family)]
    return to.isPod || from.isPod ? [noRoute(from, family, to)] : []
  }

  /** The source has no address of the family. */
  #withoutAddress(namespace: Namespace, family: Family): readonly Obstacle[] {
    const devices = ownDevices(namespace)
    const down = devices.filter(device => !isUp(device))
    const found = (device: Device['device']) => this.#links.find(namespace, device.ifname)
    if (down.length > 0 && down.length === devices.length) return linksDown(down.flatMap(device => found(device) ?? []))
    const lacking = devices
      .filter(device => this.#peers.lacksAddress(device, namespace, family))
      .flatMap(each => found(each) ?? [])
    return lacking.slice(0, 1).map(device => noAddress(device, family))
  }

  /** No device that the output device reaches has the gateway's address. */
  #withoutGateway(
    device: Device,
    reached: readonly Reached[],
    to: Namespace,
    gateway: string,
    family: Family,
  ): readonly Obstacle[] {
    const isElsewhere = this.#namespaces.some(({ interfaces }) => interfaces.some(each => hasAddress(each, gateway)))
    if (isElsewhere) return this.#unattached(device, to)
    const { namespace } = device
    // A POD's gateway is its node; a node's gateway is the node with the destination PODs.
    const node = namespace.isPod ? namespace.node : to.node
    const candidates = reached.filter(({ at }) => !at.namespace.isPod && at.namespace.name === node && at !== device)
    const [candidate] = candidates.filter(({ at }) => {
      const isBridgeOrNet = kindOf(at.device) === 'bridge' || at.device.ifname === device.device.ifname
      return isBridgeOrNet && addressesOf(at.device, family).length === 0 && at.device.master === undefined
    })
    if (candidate) return candidate.down.length > 0 ? linksDown(candidate.down) : [noAddress(candidate.at, family)]
    const [owner] = this.#namespaces.filter(({ name, isPod }) => !isPod && name === node)
    return owner ? [noGateway(owner, gateway, namespace.isPod ? 'of its PODs' : 'to its PODs')] : []
  }

  /** No layer-2 path, even with all devices up: a device is missing from the bridge that similar devices are in. */
  #unattached(device: Device, to: Namespace): readonly Obstacle[] {
    const ends = [device, ...to.interfaces.flatMap(({ ifname }) => this.#links.find(to, ifname) ?? [])]
    const own = ends.flatMap(end => this.#links.peerOf(end) ?? []).flatMap(end => this.#missingPort(end, isVeth))
    if (own.length > 0 || device.namespace.node === to.node) return own
    const nodes = [device.namespace.node, to.node]
    const nics = this.#namespaces
      .filter(({ name, isPod }) => !isPod && nodes.includes(name))
      .flatMap(namespace => namespace.interfaces.flatMap(({ ifname }) => this.#links.find(namespace, ifname) ?? []))
      .filter(({ device: { linkinfo } }) => linkinfo === undefined)
    return nics.flatMap(nic => this.#missingPort(nic, each => each.ifname === nic.device.ifname))
  }

  /** @param isLike selects similar devices: in the same node for a veth, in other nodes for a NIC */
  #missingPort(end: Device, isLike: (device: Device['device']) => boolean): readonly Obstacle[] {
    const { namespace, device } = end
    if (namespace.isPod || device.master !== undefined || device.addr_info.some(({ scope }) => scope === 'global'))
      return []
    const isOwn = kindOf(device) === 'veth'
    const examples = this.#namespaces
      .filter(({ isPod, name }) => !isPod && (name === namespace.name) === isOwn)
      .flatMap(({ interfaces }) => interfaces.filter(isLike))
      .flatMap(({ master }) => master ?? [])
    const [bridge] = examples
    return bridge !== undefined && examples.every(each => each === bridge) ? [notAPort(end, bridge)] : []
  }
}

const isVeth = (device: Device['device']): boolean => kindOf(device) === 'veth'
