import { BlockList, isIP } from 'node:net'
import type { Family } from '../settings/family.ts'
import type { NodeFacts, Route } from './facts.ts'
import type { PodAddress } from './network.ts'

/**
 * Counts the addresses that PODs of a node have a route to, in any table: the kernel sends no packets to the others.
 * All count if a route's destination is unclear.
 * @param enough stops counting here
 */
export function countRouted(facts: NodeFacts, addresses: readonly PodAddress[], enough: number): number {
  const covered = coveredBy(facts.pods.flatMap(({ routes }) => routes))
  if (!covered) return addresses.length
  let count = 0
  for (const { address, family } of addresses) {
    if (covered[family].check(address, `ipv${family}`)) count++
    if (count >= enough) break
  }
  return count
}

/** @returns undefined for a default route and for destinations that are unclear */
function coveredBy(routes: readonly Route[]): Readonly<Record<Family, BlockList>> | undefined {
  if (routes.some(({ encap }) => encap)) return undefined
  // A list for each family: a mixed list also matches IPv4 addresses as IPv6 ones.
  const covered = { 4: new BlockList(), 6: new BlockList() }
  for (const destination of new Set(routes.map(({ dst = '' }) => dst))) {
    const [address = '', length] = destination.split('/')
    const family = isIP(address)
    if (family !== 4 && family !== 6) return undefined
    covered[family].addSubnet(address, Number(length ?? (family === 6 ? 128 : 32)), `ipv${family}`)
  }
  return covered
}
