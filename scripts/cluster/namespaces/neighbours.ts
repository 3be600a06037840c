import { setTimeout as delay } from 'node:timers/promises'
import { environmentFailure } from '../../errors/failure.ts'
import { macAddress } from '../../settings/mac-address.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import type { NeighborNeeds } from '../cluster.ts'
import { addressOn } from '../own/addresses.ts'
import { hasRoom, isSmallShare, type NeighbourTable, readTables } from '../own/neighbour-tables.ts'

/** The kernel gives up entries after 5 s: retries succeed where that many times as many as have room are needed. */
const OVERCOMMIT = 1.5

/**
 * Refuses a cluster whose neighbor entries do not fit: the kernel would silently drop packets.
 * @returns whether PODs must drop their entries as soon as they have pinged
 * @throws Failure LIMIT_TOO_LOW (exit 3) with the numbers and the sysctls
 */
export function requireNeighbours(needs: NeighborNeeds, tables: readonly NeighbourTable[]): boolean {
  if (hasRoom(needs.kept, tables)) return false
  if (hasRoom(fewest(needs), tables)) return true
  const needed = needs.flushed
  const full = tables.filter(table => !hasRoom(needed, [table]))
  const numbers = full.map(({ family, limit, entries }) => `${limit} of ${family}, ${entries} in use`).join(', and ')
  const enough = full.map(({ sysctl, entries }) => `${sysctl}=${2 ** Math.ceil(Math.log2(2 * (needed + entries)))}`)
  throw environmentFailure(
    'LIMIT_TOO_LOW',
    `about ${needed} neighbor entries are needed, and this host has room for ${numbers} in all network namespaces together`,
    { hint: `an administrator can run: sysctl ${enough.join(' ')}; or use fewer nodes or PODs, or VMs` },
  )
}

/** The least room with which a test can pass. */
const fewest = ({ flushed, mayRetry }: NeighborNeeds): number => (mayRetry ? flushed / OVERCOMMIT : flushed)

const [POLL_MS, PATIENCE_MS] = [100, 2000] as const

/**
 * Reads the tables, and waits as long as they have too little room and shrink: the kernel frees the entries of a
 * cluster a few seconds after its end.
 */
export async function readTablesWithRoom(
  needs: NeighborNeeds,
  signal: AbortSignal,
  read: () => readonly NeighbourTable[] = readTables,
): Promise<readonly NeighbourTable[]> {
  const needed = fewest(needs)
  let tables = read()
  const lacksRoom = ({ limit, entries }: NeighbourTable) =>
    limit - entries < needed && limit >= needed && !isSmallShare(needed, limit)
  const count = () => tables.reduce((sum, { entries }) => sum + entries, 0)
  let [least, waited] = [count(), 0]
  while (tables.some(lacksRoom) && waited < PATIENCE_MS) {
    await delay(POLL_MS, undefined, { signal })
    tables = read()
    waited = count() < least ? 0 : waited + POLL_MS
    least = Math.min(least, count())
  }
  return tables
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
