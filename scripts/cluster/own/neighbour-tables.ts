import fs from 'node:fs'
import { infrastructureFailure } from '../../errors/failure.ts'

/** A neighbour table of the kernel. All network namespaces of a host share its limit. */
export interface NeighbourTable {
  readonly family: 'IPv4' | 'IPv6'
  /** `net.ipv4.neigh.default.gc_thresh3` */
  readonly sysctl: string
  readonly limit: number
  /**
   * All entries. Permanent ones do not count against the limit (Linux 5.0), but the kernel shows no number of others.
   */
  readonly entries: number
  /** How often an entry did not fit since the kernel booted; undefined in a container, where it is hidden. */
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
 * @param text of /proc/net/stat/arp_cache: names, then one line per CPU with hexadecimal numbers. `entries` counts the
 * whole
 *   table in every line.
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

const SMALL_SHARE = 1 / 3

/** A test that needs a small share of a table starts whatever is in use. */
export const isSmallShare = (needed: number, limit: number): boolean => needed <= limit * SMALL_SHARE

/**
 * Whether that many more entries of each family may fit. Not all entries in use matter: the kernel gives up those older
 * than 5 s when it needs room, and where there are more than the limit allows, most are permanent ones of a large
 * cluster. An overflow will be noticed ({@link requireNoOverflow}).
 */
export const hasRoom = (needed: number, tables: readonly NeighbourTable[]): boolean =>
  tables.every(({ limit, entries }) => isSmallShare(needed, limit) || limit - (entries > limit ? 0 : entries) >= needed)

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

function readProc(file: string): string | undefined {
  try {
    return fs.readFileSync(`/proc/${file}`, 'utf8').trim()
  } catch {
    return undefined // a container is not shown it
  }
}
