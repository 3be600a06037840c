import fs from 'node:fs'
import { environmentFailure, infrastructureFailure } from '../../errors/failure.ts'
import { macAddress } from '../../settings/mac-address.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import { addressOn } from '../own/addresses.ts'

/** A neighbour table of the kernel. All network namespaces of a host share its limit. */
export interface NeighbourTable {
  readonly family: 'IPv4' | 'IPv6'
  /** `net.ipv4.neigh.default.gc_thresh3` */
  readonly sysctl: string
  readonly limit: number
  /** Entries that count against the limit; permanent ones do not (Linux 5.0). */
  readonly entries: number
  /** How often the kernel had no place for an entry since its boot; undefined in a container, which is not shown that. */
  readonly overflows: number | undefined
}

/** Where a container is not shown the limit, it is taken to be the kernel's own. */
const DEFAULT_LIMIT = 1024

const TABLES = [
  { family: 'IPv4', sysctl: 'net.ipv4.neigh.default.gc_thresh3', statistics: 'arp_cache' },
  { family: 'IPv6', sysctl: 'net.ipv6.neigh.default.gc_thresh3', statistics: 'ndisc_cache' },
] as const

/** The tables as they are now. */
export const readTables = (read = readProc): readonly NeighbourTable[] =>
  TABLES.map(({ family, sysctl, statistics }) => {
    const limit = Number(read(`sys/${sysctl.replaceAll('.', '/')}`) ?? DEFAULT_LIMIT)
    return { family, sysctl, limit, ...parseStatistics(read(`net/stat/${statistics}`)) }
  })

/**
 * @param text of /proc/net/stat/arp_cache: names, then a line for each CPU; numbers are hexadecimal. The number of entries is the whole
 *   table's in each line.
 */
function parseStatistics(text: string | undefined): Pick<NeighbourTable, 'entries' | 'overflows'> {
  const [names = [], ...cpus] = (text ?? '')
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/))
  const values = (name: string) => cpus.map(cpu => Number.parseInt(cpu[names.indexOf(name)] ?? '', 16))
  const overflows = values('table_fulls')
  if (overflows.length === 0 || overflows.some(Number.isNaN)) return { entries: 0, overflows: undefined }
  return { entries: values('entries')[0] ?? 0, overflows: overflows.reduce((sum, each) => sum + each, 0) }
}

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

/**
 * Checks that the tables never were full meanwhile: then neither an answer that is missing nor silence proves anything.
 * @throws Failure CLUSTER_BROKEN (exit 4)
 */
export function requireNoOverflow(before: readonly NeighbourTable[], now: readonly NeighbourTable[]): void {
  for (const { family, sysctl, limit, overflows } of now) {
    const earlier = before.find(table => table.family === family)?.overflows
    if (earlier === undefined || overflows === undefined || overflows <= earlier) continue
    throw infrastructureFailure(
      'CLUSTER_BROKEN',
      `the host's neighbour table was full while the test ran (${family}, ${overflows - earlier} times): packets were lost for it`,
      { hint: `all network namespaces together have ${sysctl}=${limit} entries; an administrator can raise it` },
    )
  }
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

function readProc(file: string): string | undefined {
  try {
    return fs.readFileSync(`/proc/${file}`, 'utf8').trim()
  } catch {
    return undefined // a container is not shown it
  }
}
