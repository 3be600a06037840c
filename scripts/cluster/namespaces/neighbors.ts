import { setTimeout as delay } from 'node:timers/promises'
import { environmentFailure } from '../../errors/failure.ts'
import { macAddress } from '../../settings/mac-address.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import type { NeighborNeeds } from '../cluster.ts'
import { addressOn } from '../own/addresses.ts'
import { hasRoom, isSmallShare, type NeighborTable, readTables } from '../own/neighbor-tables.ts'

/** Retries succeed if at most this many times the available room is needed: the kernel drops entries after 5 s. */
const OVERCOMMIT = 1.5

/**
 * Refuses a cluster whose neighbor entries do not fit: the kernel would silently drop packets.
 * @returns whether PODs must drop their entries as soon as they have pinged
 * @throws Failure LIMIT_TOO_LOW (exit 3) with the numbers and the sysctls
 */
export function requireNeighbors(needs: NeighborNeeds, tables: readonly NeighborTable[]): boolean {
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

/** The minimum room with which a test can pass. */
const fewest = ({ flushed, mayRetry }: NeighborNeeds): number => (mayRetry ? flushed / OVERCOMMIT : flushed)

const [POLL_MS, PATIENCE_MS] = [100, 2000] as const

/**
 * Reads the tables. While they have too little room, waits until they stop shrinking: the kernel frees the entries of a
 * cluster a few seconds after its end.
 */
export async function readTablesWithRoom(
  needs: NeighborNeeds,
  signal: AbortSignal,
  read: () => readonly NeighborTable[] = readTables,
): Promise<readonly NeighborTable[]> {
  const needed = fewest(needs)
  let tables = read()
  const lacksRoom = ({ limit, entries }: NeighborTable) =>
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

/** Whether entries for all pairs of nodes would fill more than {@link SHARE} of a table. */
export function wantsPermanent(nodes: readonly NodePlan[], tables: readonly NeighborTable[]): boolean {
  const pairs = netsOf(nodes).reduce((sum, net) => {
    const members = nodes.filter(({ nets }) => nets.includes(net)).length
    return sum + members * (members - 1)
  }, 0)
  return tables.some(({ limit }) => pairs > limit * SHARE)
}

const netsOf = (nodes: readonly NodePlan[]): readonly number[] =>
  [...new Set(nodes.flatMap(({ nets }) => nets))].filter(net => net > 0)

/**
 * Commands for `ip -batch` with a permanent entry for each other node on a node's nets.
 * @param bareNets nets without addresses
 * @param prefix the beginning of IPv6 addresses
 */
export function neighborCommands(
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
