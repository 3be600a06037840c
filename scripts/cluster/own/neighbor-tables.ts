import fs from 'node:fs'
import { infrastructureFailure } from '../../errors/failure.ts'

/** A neighbor table of the kernel. All network namespaces of a host share its limit. */
export interface NeighborTable {
  readonly family: 'IPv4' | 'IPv6'
  /** `net.ipv4.neigh.default.gc_thresh3` */
  readonly sysctl: string
  readonly limit: number
  /**
   * All entries. Permanent ones do not count towards the limit (Linux 5.0), but the kernel does not count the others
   * separately.
   */
  readonly entries: number
  /** How often an entry did not fit since the kernel booted; undefined in a container, where it is hidden. */
  readonly overflows: number | undefined
}

/** The kernel's default, for containers that cannot read the limit. */
const DEFAULT_LIMIT = 1024

const TABLES = [
  { family: 'IPv4', sysctl: 'net.ipv4.neigh.default.gc_thresh3', statistics: 'arp_cache' },
  { family: 'IPv6', sysctl: 'net.ipv6.neigh.default.gc_thresh3', statistics: 'ndisc_cache' },
] as const

/** The tables as they are now. */
export const readTables = (read = readProc): readonly NeighborTable[] =>
  TABLES.map(({ family, sysctl, statistics }) => {
    const limit = Number(read(`sys/${sysctl.replaceAll('.', '/')}`) ?? DEFAULT_LIMIT)
    return { family, sysctl, limit, ...parseStatistics(read(`net/stat/${statistics}`)) }
  })

/**
 * @param text of /proc/net/stat/arp_cache: names, then one line per CPU with hexadecimal numbers. In every line,
 *   `entries` counts the whole table.
 */
function parseStatistics(text: string | undefined): Pick<NeighborTable, 'entries' | 'overflows'> {
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

/** A test that needs a small share of a table starts regardless of other entries. */
export const isSmallShare = (needed: number, limit: number): boolean => needed <= limit * SMALL_SHARE

/**
 * Whether `needed` more entries of each family may fit. Not all entries in use matter: the kernel drops those older
 * than 5 s when it needs room, and if there are more entries than the limit, most are permanent ones of a large
 * cluster. An overflow is detected by {@link requireNoOverflow}.
 */
export const hasRoom = (needed: number, tables: readonly NeighborTable[]): boolean =>
  tables.every(({ limit, entries }) => isSmallShare(needed, limit) || limit - (entries > limit ? 0 : entries) >= needed)

/**
 * Checks that no table overflowed: if one did, neither a missing answer nor silence proves anything.
 * @throws Failure CLUSTER_BROKEN (exit 4)
 */
export function requireNoOverflow(before: readonly NeighborTable[], now: readonly NeighborTable[]): void {
  for (const { family, sysctl, limit, overflows } of now) {
    const earlier = before.find(table => table.family === family)?.overflows
    if (earlier === undefined || overflows === undefined || overflows <= earlier) continue
    throw infrastructureFailure(
      'CLUSTER_BROKEN',
      `the host's ${family} neighbor table was full while the test ran (${overflows - earlier} times), which lost packets`,
      { hint: `all network namespaces together have ${sysctl}=${limit} entries; an administrator can raise it` },
    )
  }
}

function readProc(file: string): string | undefined {
  try {
    return fs.readFileSync(`/proc/${file}`, 'utf8').trim()
  } catch {
    return undefined // hidden in a container
  }
}
