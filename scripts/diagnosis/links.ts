import { type Interface, kindOf } from '../proof/facts.ts'
import { netOfMac } from '../settings/mac-address.ts'
import { type Device, isUp, type Namespace } from './namespaces.ts'

/** A frame's position: the device, and the VLAN tag. */
interface Place {
  readonly at: Device
  readonly tag: number | undefined
}

/** A device that frames can reach, possibly through devices that are down. */
export interface Reached {
  readonly at: Device
  /** Devices that are down on the path with the fewest of them. */
  readonly down: readonly Device[]
  /** The previous device on that path. */
  readonly before: Reached | undefined
}

/** The layer-2 topology: veths, bridges, VLANs, ipvlans, macvlans, and the nets between nodes. */
export class Links {
  readonly #devices = new Map<Interface, Device>()
  readonly #byPlace = new Map<string, Device[]>()
  readonly #reached = new Map<Device, readonly Reached[]>()

  constructor(namespaces: readonly Namespace[]) {
    for (const namespace of namespaces) {
      for (const device of namespace.interfaces) {
        const each = { namespace, device }
        this.#devices.set(device, each)
        for (const key of keysOf(each)) {
          const there = this.#byPlace.get(key)
          if (there) there.push(each)
          else this.#byPlace.set(key, [each])
        }
      }
    }
  }

  find(namespace: Namespace, ifname: string | undefined): Device | undefined {
    const found = namespace.interfaces.find(device => device.ifname === ifname)
    return found && this.#devices.get(found)
  }

  /** All devices that frames from a device can reach, including itself. */
  from(start: Device): readonly Reached[] {
    const known = this.#reached.get(start) ?? this.#search(start)
    this.#reached.set(start, known)
    return known
  }

  /** The peer of a veth between a POD and its node. */
  peerOf({ namespace, device }: Device): Device | undefined {
    if (kindOf(device) !== 'veth' || device.link_index === undefined) return undefined
    return this.#look(`index ${namespace.node} ${device.link_index}`).find(
      other =>
        other.namespace.isPod !== namespace.isPod &&
        other.device.link_index === device.ifindex &&
        kindOf(other.device) === 'veth',
    )
  }

  /** Dijkstra's algorithm; a device that is down costs 1, others 0. */
  #search(start: Device): readonly Reached[] {
    const best = new Map<string, Reached>()
    let now: { place: Place; down: readonly Device[]; before: Reached | undefined }[] = [
      { place: { at: start, tag: undefined }, down: [], before: undefined },
    ]
    let later: typeof now = []
    while (now.length > 0) {
      for (let next = now.pop(); next; next = now.pop()) {
        const { place } = next
        const key = `${place.tag ?? ''} ${place.at.namespace.node} ${place.at.namespace.name} ${place.at.device.ifname}`
        if (best.has(key)) continue
        const isDown = !isUp(place.at.device)
        if (isDown && next.down.at(-1) !== place.at) {
          later.push({ ...next, down: [...next.down, place.at] })
          continue
        }
        const reached = { at: place.at, down: next.down, before: next.before }
        best.set(key, reached)
        for (const neighbor of this.#neighbors(place)) now.push({ place: neighbor, down: next.down, before: reached })
      }
      ;[now, later] = [later, []]
    }
    const shortest = new Map<Device, Reached>()
    for (const reached of best.values()) {
      const known = shortest.get(reached.at)
      if (!known || reached.down.length < known.down.length) shortest.set(reached.at, reached)
    }
    return [...shortest.values()]
  }

  #neighbors({ at, tag }: Place): readonly Place[] {
    const { namespace, device } = at
    const same = (devices: readonly (Device | undefined)[]) =>
      devices.flatMap(each => (each && each !== at ? [{ at: each, tag }] : []))
    const bridge = device.master === undefined ? undefined : this.find(namespace, device.master)
    const ports =
      kindOf(device) === 'bridge' ? this.#look(`master ${namespace.node} ${namespace.name} ${device.ifname}`) : []
    const net = netOf(at)
    const peers = kindOf(device) === 'veth' ? [this.peerOf(at), this.#peerWithin(at)] : []
    return [
      ...same([bridge, ...ports, ...peers, ...(net > 0 ? this.#look(`net ${net}`) : [])]),
      ...this.#below(at, tag),
      ...this.#above(at, tag),
    ]
  }

  /** The peer of a veth in the same namespace. */
  #peerWithin({ namespace, device }: Device): Device | undefined {
    return device.link === undefined ? undefined : this.find(namespace, device.link)
  }

  #below(at: Device, tag: number | undefined): readonly Place[] {
    const parent = this.#parentOf(at)
    if (!parent) return []
    const vlan = vlanOf(at)
    // Children of the same device reach each other, even if it is down.
    if (vlan === undefined)
      return [parent, ...this.#childrenOf(parent).filter(child => vlanOf(child) === undefined)].map(each => ({
        at: each,
        tag,
      }))
    return tag === undefined ? [{ at: parent, tag: vlan }] : []
  }

  #above(at: Device, tag: number | undefined): readonly Place[] {
    return this.#childrenOf(at).flatMap(child => {
      const vlan = vlanOf(child)
      if (vlan === undefined) return [{ at: child, tag }]
      return vlan === tag ? [{ at: child, tag: undefined }] : []
    })
  }

  #childrenOf(parent: Device): readonly Device[] {
    const candidates = this.#look(`parent ${parent.namespace.node} ${parent.device.ifindex}`)
    return candidates.filter(child => this.#parentOf(child) === parent)
  }

  /** The parent of a VLAN, ipvlan or macvlan; for a POD it may be in its node. */
  #parentOf({ namespace, device }: Device): Device | undefined {
    if (!STACKED_KINDS.has(kindOf(device))) return undefined
    const own = device.link === undefined ? undefined : this.find(namespace, device.link)
    if (own || device.link_index === undefined || !namespace.isPod) return own
    return this.#look(`index ${namespace.node} ${device.link_index}`).find(({ namespace: { isPod } }) => !isPod)
  }

  #look(key: string): readonly Device[] {
    return this.#byPlace.get(key) ?? []
  }
}

const STACKED_KINDS = new Set(['vlan', 'ipvlan', 'macvlan'])

const vlanOf = ({ device }: Device): number | undefined =>
  kindOf(device) === 'vlan' ? Number(device.linkinfo?.info_data?.id) : undefined

/** 0 for the maintenance net, which does not connect nodes, and for devices on no net. */
const netOf = ({ namespace, device }: Device): number =>
  namespace.isPod || kindOf(device) !== 'nic' ? 0 : (netOfMac(device.address) ?? 0)

function keysOf({ namespace, device }: Device): readonly string[] {
  const parent = device.link_index ?? namespace.interfaces.find(({ ifname }) => ifname === device.link)?.ifindex
  const net = netOf({ namespace, device })
  return [
    `index ${namespace.node} ${device.ifindex}`,
    ...(device.master === undefined ? [] : [`master ${namespace.node} ${namespace.name} ${device.master}`]),
    ...(net > 0 ? [`net ${net}`] : []),
    ...(STACKED_KINDS.has(kindOf(device)) && parent !== undefined ? [`parent ${namespace.node} ${parent}`] : []),
  ]
}
