import test from 'ava'
import {
  neighborCommands,
  readTablesWithRoom,
  requireNeighbors,
  wantsPermanent,
} from '../../../scripts/cluster/namespaces/neighbors.ts'
import { readTables, requireNoOverflow } from '../../../scripts/cluster/own/neighbor-tables.ts'
import type { Failure } from '../../../scripts/errors/failure.ts'
import type { NodePlan } from '../../../scripts/settings/nodes.ts'

const NAMES =
  'entries  allocs   destroys hash_grows lookups  hits     res_failed rcv_probes_mcast rcv_probes_ucast periodic_gc_runs forced_gc_runs unresolved_discards table_fulls'
const statistics = (...overflows: string[]) =>
  `${NAMES}\n${overflows.map(each => `00000010 ${'00000001 '.repeat(11)}${each}\n`).join('')}`

/** What /proc shows where the tables have room for some entries. */
const host = (limit: number, ...overflows: string[]) =>
  readTables(file => (file.startsWith('sys/') ? String(limit) : statistics(...overflows)))

const node = (number: number): NodePlan => ({
  number,
  name: `vm-00${number}`,
  role: 'worker',
  memoryMiB: 256,
  cpus: 1,
  nets: [0, 1, 3],
})

test('reads limits, entries and overflows of all CPUs', t => {
  const [ipv4, ipv6] = host(1024, '0000000a', '00000001')
  t.deepEqual(ipv4, {
    family: 'IPv4',
    sysctl: 'net.ipv4.neigh.default.gc_thresh3',
    limit: 1024,
    entries: 16,
    overflows: 11,
  })
  t.is(ipv6?.family, 'IPv6')
})

test("assumes the kernel's default limit where a container hides the tables", t => {
  const [table] = readTables(() => undefined)
  t.like(table, { limit: 1024, entries: 0, overflows: undefined })
})

test('requires PODs to drop their entries where not all have room', t => {
  const needs = { kept: 1009, flushed: 1008, mayRetry: false }
  t.false(requireNeighbors({ ...needs, kept: 1008 }, host(1024, '00000000')))
  t.true(requireNeighbors(needs, host(1024, '00000000')))
})

test('lets a test that passes by answers alone retry with too little room', t => {
  t.true(requireNeighbors({ kept: 2000, flushed: 1512, mayRetry: true }, host(1024, '00000000')))
  t.throws(() => requireNeighbors({ kept: 2000, flushed: 1513, mayRetry: true }, host(1024, '00000000')))
})

test('waits while the kernel frees the entries of an earlier cluster, and no longer', async t => {
  const needs = { kept: 1009, flushed: 1009, mayRetry: false }
  const reads = async (left: readonly number[], { flushed } = needs) => {
    let count = 0
    const next = () => {
      const entries = left[Math.min(count++, left.length - 1)] ?? 0
      return host(1024, '00000000').map(table => ({ ...table, entries }))
    }
    const tables = await readTablesWithRoom({ ...needs, flushed }, AbortSignal.timeout(30_000), next)
    return [count, tables[0]?.entries]
  }
  t.deepEqual(await reads([900, 500, 15]), [3, 15])
  t.deepEqual(await reads([900, 500, 15], { ...needs, flushed: 1025 }), [1, 900], 'more than a table has')
  t.deepEqual(await reads([900, 500]), [22, 500], 'until they shrink no more')
})

test('does not count the permanent entries of another large cluster', t => {
  const tables = (entries: number) => host(1024, '00000000').map(table => ({ ...table, entries }))
  const needs = { kept: 400, flushed: 400, mayRetry: false }
  t.false(requireNeighbors(needs, tables(10_927)))
  t.throws(() => requireNeighbors(needs, tables(1000)))
  t.false(requireNeighbors({ ...needs, kept: 341 }, tables(1000)), 'a small share of the table')
  t.throws(() => requireNeighbors({ ...needs, kept: 1025, flushed: 1025 }, tables(10_927)))
})

test('refuses more entries than have room, with the numbers and the sysctls', t => {
  const needs = { kept: 2000, flushed: 1009, mayRetry: false }
  const { code, message, hint } = t.throws(() => requireNeighbors(needs, host(1024, '00000000'))) as Failure
  t.is(code, 'LIMIT_TOO_LOW')
  t.regex(message, /^about 1009 neighbor entries are needed, .* 1024 of IPv4, 16 in use, and 1024 of IPv6, 16 in use /)
  t.regex(hint ?? '', /sysctl net\.ipv4\.neigh\.default\.gc_thresh3=4096 net\.ipv6\.neigh\.default\.gc_thresh3=4096;/)
})

test('a table that was full during the test breaks it, one that was full before does not', t => {
  const before = host(1024, '00000003', '00000000')
  t.notThrows(() => requireNoOverflow(before, host(1024, '00000003', '00000000')))
  const { code, message } = t.throws(() => requireNoOverflow(before, host(1024, '00000003', '00000002'))) as Failure
  t.is(code, 'CLUSTER_BROKEN')
  t.regex(message, /IPv4 neighbor table was full while the test ran \(2 times\)/)
})

test('only nodes that would fill much of a table know each other from the start', t => {
  const nodes = (count: number) => Array.from({ length: count }, (_, index) => node(index + 1))
  t.false(wantsPermanent(nodes(4), host(1024, '00000000')))
  t.true(wantsPermanent(nodes(20), host(1024, '00000000')))
  t.false(wantsPermanent(nodes(20), host(16_384, '00000000')))
})

test('a node learns the others of its nets, not itself and not those of net 0 or of nets without addresses', t => {
  const text = neighborCommands(node(1), [node(1), node(2)], [3], '1000::1')
  t.is(
    text,
    `neighbour replace 192.168.1.2 lladdr 00:00:00:01:01:02 dev eth1 nud permanent
neighbour replace 1000::1:192.168.1.2 lladdr 00:00:00:01:01:02 dev eth1 nud permanent
`,
  )
})
