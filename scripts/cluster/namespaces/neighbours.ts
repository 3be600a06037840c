import { environmentFailure } from '../../errors/failure.ts'
import { macAddress } from '../../settings/mac-address.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import { addressOn } from '../own/addresses.ts'
import type { NeighbourTable } from '../own/neighbour-tables.ts'

/**
 * Refuses what the tables have no room for: the kernel drops packets then without a word.
 * @param needed entries of each family at once
 * @throws Failure LIMIT_TOO_LOW (exit 3) with the numbers and the sysctls
 */
export function requireNeighbours(needed: number, tables: readonly NeighbourTable[]): void {
  const full = tables.filter(({ limit, entries }) => limit - entries < needed)
  if (full.length === 0) return
  const numbers = full.map(({ family, limit, entries }) => `${limit} of ${family}, ${entries} in use`).join(', and ')
  const enough = full.map(({ sysctl, entries }) => `${sysctl}=${2 ** Math.ceil(Math.log2(2 * (needed + entries)))}`)
  throw environmentFailure(
    'LIMIT_TOO_LOW',
    `about ${needed} neighbour entries are needed, and this host has room for ${numbers} in all network namespaces together`,
    { hint: `an administrator can run: sysctl ${enough.join(' ')}; or use fewer nodes or PODs, or VMs` },
  )
}

/** Above this share of a table, entries between nodes are made permanent, which the limit does not count. */
const SHARE = 1 / 4

/** Whether nodes that all speak to each other would fill much of a table. */
export function wantsPermanent(nodes: readonly NodePlan[], tables: readonly NeighbourTable[]): boolean {
  const pairs = netsOf(nodes).reduce((sum, net) => {
    const members = nodes.filter(({ nets }) => nets.includes(net)).length
    return sum + members * (members - 1)
  }, 0)
  return tables.some(({ limit }) => pairs > limit * SHARE)
}

const netsOf = (nodes: readonly NodePlan[]): readonly number[] =>
  [...new Set(nodes.flatMap(({ nets }) => nets))].filter(net => net > 0)

/**
 * Commands for `ip -batch` that say on which MAC addresses all others on a node's nets are.
 * @param bareNets nets without addresses
 * @param prefix the beginning of IPv6 addresses
 */
export function neighbourCommands(
  node: NodePlan,
  nodes: readonly NodePlan[],
  bareNets: readonly number[],
  prefix: string,
): string {
  const lines = node.nets.flatMap((net, position) => {
    if (net === 0 || bareNets.includes(net)) return []
    const others = nodes.filter(other => other.number !== node.number && other.nets.includes(net))
    return others.flatMap(({ number }) => {
      const { ipv4, ipv6 } = addressOn(net, number, prefix)
      const rest = `lladdr ${macAddress(net, number)} dev eth${position} nud permanent\n`
      return [`neighbour replace ${ipv4} ${rest}`, `neighbour replace ${ipv6} ${rest}`]
    })
  })
  return lines.join('')
}
