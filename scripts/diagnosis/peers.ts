import { isIP } from 'node:net'
import type { Family } from '../settings/family.ts'
import { addressesOf, type Device, type Namespace, ownDevices } from './namespaces.ts'
import { decide, tunnelEnds } from './routing.ts'

/** Compares a device with devices of the same name in namespaces of the same kind (nodes or PODs). */
export class Peers {
  readonly #namespaces: readonly Namespace[]
  readonly #used = new Map<Namespace, ReadonlySet<string>>()

  constructor(namespaces: readonly Namespace[]) {
    this.#namespaces = namespaces
  }

  /** Meant to be used: other namespaces use a device of this name, or it is the POD's only one. */
  isUsed({ namespace, device }: Device): boolean {
    if (namespace.isPod && ownDevices(namespace).length === 1) return true
    return this.#namespaces.some(
      other => other !== namespace && other.isPod === namespace.isPod && this.#devicesUsedBy(other).has(device.ifname),
    )
  }

  /** Output devices for a namespace's gateways and tunnel ends. */
  #devicesUsedBy(namespace: Namespace): ReadonlySet<string> {
    const known = this.#used.get(namespace)
    if (known) return known
    const used = new Set(namespace.routes.flatMap(({ dev, gateway }) => (gateway === undefined ? [] : (dev ?? []))))
    for (const end of tunnelEnds(namespace)) {
      const decision = decide(namespace, end, isIP(end) as Family)
      if (decision.kind === 'sends') used.add(decision.dev)
    }
    this.#used.set(namespace, used)
    return used
  }

  /** It has no address of the family, unlike devices of the same name elsewhere. */
  lacksAddress(device: Device['device'], namespace: Namespace, family: Family): boolean {
    if (addressesOf(device, family).length > 0) return false
    const others = this.#namespaces.filter(other => other !== namespace && other.isPod === namespace.isPod)
    const same = others.flatMap(({ interfaces }) => interfaces.filter(({ ifname }) => ifname === device.ifname))
    const alone = namespace.isPod && ownDevices(namespace).length === 1 && same.length === 0
    return alone || same.some(other => addressesOf(other, family).length > 0)
  }
}
