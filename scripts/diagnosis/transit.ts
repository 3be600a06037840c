import { kindOf } from '../proof/facts.ts'
import { type AllFilters, type Filters, filtersBridged, filtersKey, ignoringPings, notForwarding } from './filters.ts'
import type { Reached } from './links.ts'
import type { Namespace } from './namespaces.ts'
import { dropsPackets, forwardingOff, ignoresPings, type Obstacle } from './obstacle.ts'
import type { Packet } from './rule-match.ts'
import { evaluate } from './rules.ts'

/** A packet that is traced. */
export interface TracedPacket {
  readonly packet: Packet
  /** Shared by request and reply. Once rules have changed a packet, rules no longer count as obstacles. */
  readonly flow: { isChanged: boolean }
}

/** Obstacles by sysctls and rules of the namespaces that packets traverse. */
export class Transit {
  readonly #filters: AllFilters

  constructor(filters: AllFilters) {
    this.#filters = filters
  }

  /** Leaves the namespace that created it. */
  sent(namespace: Namespace, traced: TracedPacket, oif: string | undefined): readonly Obstacle[] {
    return this.#rules(namespace, ['output', 'postrouting'], traced, { oif })
  }

  /** Is routed by a namespace. */
  routed(
    namespace: Namespace,
    traced: TracedPacket,
    iif: string | undefined,
    oif: string | undefined,
  ): readonly Obstacle[] {
    const filters = this.#of(namespace)
    const { family } = traced.packet
    const off = filters && notForwarding(filters, family, iif)
    if (off) return [forwardingOff(namespace, family, off)]
    return this.#rules(namespace, ['prerouting', 'forward', 'postrouting'], traced, { iif, oif })
  }

  /** Arrives in its destination. */
  delivered(namespace: Namespace, traced: TracedPacket, iif: string | undefined): readonly Obstacle[] {
    const filters = this.#of(namespace)
    const { family, isReply } = traced.packet
    const ignoring = filters && !isReply && ignoringPings(filters, family)
    return ignoring
      ? [ignoresPings(namespace, ignoring)]
      : this.#rules(namespace, ['prerouting', 'input'], traced, { iif })
  }

  /** Crosses the bridges between two devices. */
  bridged(end: Reached, traced: TracedPacket): readonly Obstacle[] {
    const found: Obstacle[] = []
    for (let out = end; out.before?.before; out = out.before) {
      const [bridge, from] = [out.before, out.before.before]
      const { namespace, device } = bridge.at
      const isPort = ({ at }: Reached) => at.namespace === namespace && at.device.master === device.ifname
      if (kindOf(device) !== 'bridge' || !isPort(out) || !isPort(from)) continue
      const [iif, oif] = [from.at.device.ifname, out.at.device.ifname]
      found.push(...this.#rules(namespace, ['prerouting', 'forward', 'postrouting'], traced, { iif, oif }, ['bridge']))
      const filters = this.#of(namespace)
      if (filters && filtersBridged(filters, traced.packet.family)) {
        const own = { iif: device.ifname, oif: device.ifname }
        found.push(...this.#rules(namespace, ['prerouting', 'forward', 'postrouting'], traced, own))
      }
    }
    return found
  }

  #rules(
    namespace: Namespace,
    hooks: readonly string[],
    { packet, flow }: TracedPacket,
    devices: Pick<Packet, 'iif' | 'oif'>,
    families: readonly string[] = [packet.family === 4 ? 'ip' : 'ip6', 'inet'],
  ): readonly Obstacle[] {
    const ruleset = this.#of(namespace)?.ruleset
    if (!ruleset || flow.isChanged) return []
    const outcome = evaluate(ruleset, families, hooks, { ...packet, ...devices })
    if (outcome === 'changed') flow.isChanged = true
    return typeof outcome === 'object' ? [dropsPackets(namespace, outcome.drops)] : []
  }

  #of({ node, name }: Namespace): Filters | undefined {
    return this.#filters.get(filtersKey(node, name))
  }
}
