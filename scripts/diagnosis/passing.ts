import { type AllFilters, type Filters, filtersBridged, filtersKey, ignoringPings, notForwarding } from './filters.ts'
import type { Reached } from './links.ts'
import type { Packet } from './matches.ts'
import { dropped, type Obstacle, silent, unforwarded } from './obstacle.ts'
import { judge } from './rules.ts'
import { kindOf, type Space } from './spaces.ts'

/** A ping, or its answer, as it is followed. */
export interface Passage {
  readonly packet: Packet
  /** Shared by a ping and its answer: rules have made another packet of it, and nothing more can be said. */
  readonly flow: { isChanged: boolean }
}

/** What namespaces do with packets that pass them, as far as they have told. */
export class Passing {
  readonly #filters: AllFilters

  constructor(filters: AllFilters) {
    this.#filters = filters
  }

  /** Out of the namespace in which the packet was made. */
  sent(space: Space, passage: Passage, oif: string | undefined): readonly Obstacle[] {
    return this.#rules(space, ['output', 'postrouting'], passage, { oif })
  }

  /** Through a namespace that routes it. */
  routed(space: Space, passage: Passage, iif: string | undefined, oif: string | undefined): readonly Obstacle[] {
    const filters = this.#of(space)
    const { family } = passage.packet
    const off = filters && notForwarding(filters, family, iif)
    if (off) return [unforwarded(space, family, off)]
    return this.#rules(space, ['prerouting', 'forward', 'postrouting'], passage, { iif, oif })
  }

  /** Into the namespace that it is for. */
  delivered(space: Space, passage: Passage, iif: string | undefined): readonly Obstacle[] {
    const filters = this.#of(space)
    const { family, isReply } = passage.packet
    const ignoring = filters && !isReply && ignoringPings(filters, family)
    return ignoring ? [silent(space, ignoring)] : this.#rules(space, ['prerouting', 'input'], passage, { iif })
  }

  /** Over the bridges between two devices. */
  bridged(end: Reached, passage: Passage): readonly Obstacle[] {
    const found: Obstacle[] = []
    for (let out = end; out.before?.before; out = out.before) {
      const [bridge, from] = [out.before, out.before.before]
      const { space, device } = bridge.at
      const isPort = ({ at }: Reached) => at.space === space && at.device.master === device.ifname
      if (kindOf(device) !== 'bridge' || !isPort(out) || !isPort(from)) continue
      const [iif, oif] = [from.at.device.ifname, out.at.device.ifname]
      found.push(...this.#rules(space, ['prerouting', 'forward', 'postrouting'], passage, { iif, oif }, ['bridge']))
      const filters = this.#of(space)
      if (filters && filtersBridged(filters, passage.packet.family)) {
        const own = { iif: device.ifname, oif: device.ifname }
        found.push(...this.#rules(space, ['prerouting', 'forward', 'postrouting'], passage, own))
      }
    }
    return found
  }

  #rules(
    space: Space,
    hooks: readonly string[],
    { packet, flow }: Passage,
    devices: Pick<Packet, 'iif' | 'oif'>,
    families: readonly string[] = [packet.family === 4 ? 'ip' : 'ip6', 'inet'],
  ): readonly Obstacle[] {
    const ruleset = this.#of(space)?.ruleset
    if (!ruleset || flow.isChanged) return []
    const judgement = judge(ruleset, families, hooks, { ...packet, ...devices })
    if (judgement === 'changed') flow.isChanged = true
    return typeof judgement === 'object' ? [dropped(space, judgement.drops)] : []
  }

  #of({ node, name }: Space): Filters | undefined {
    return this.#filters.get(filtersKey(node, name))
  }
}
