import { BlockList, isIP } from 'node:net'
import type { Family } from '../settings/family.ts'
import type { NodeFacts, Route } from './facts.ts'
import type { PodAddress } from './network.ts'

/**
 * Counts addresses to which a POD of a node has a route, in any of its tables; the others the kernel of that node sends nowhere.
 * Where it is not plain what a route leads to, all count.
 * @param enough where the counting may end
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

/** @returns undefined where a route leads everywhere, or nobody can tell */
function coveredBy(routes: readonly Route[]): Readonly<Record<Family, BlockList>> | undefined {
  if (routes.some(({ encap }) => encap)) return undefined
  // One for each family: to a list with nets of both, an IPv4 address is also an IPv6 one.
  const covered = { 4: new BlockList(), 6: new BlockList() }
  for (const destination of new Set(routes.map(({ dst = '' }) => dst))) {
    const [address = '', length] = destination.split('/')
    const family = isIP(address)
    if (family !== 4 && family !== 6) return undefined
    covered[family].addSubnet(address, Number(length ?? (family === 6 ? 128 : 32)), `ipv${family}`)
  }
  return covered
}
