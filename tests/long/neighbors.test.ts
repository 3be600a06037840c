import test from 'ava'
import { readTables } from '../../scripts/cluster/own/neighbor-tables.ts'
import { program } from '../namespaces/program.ts'

/** The kernel's default for all network namespaces of a host together. */
const DEFAULT_LIMIT = 1024

for (const [name, says] of [
  ['bridge', /matrix: 2400 of 2400 pairs answer; 316800 of 316800 forbidden pairs blocked/],
  ['L3', /matrix: 319200 of 319200 pairs answer/],
] as const) {
  test.serial(
    `${name} passes with a hundred nodes of namespaces and the default limit of neighbor entries`,
    async t => {
      t.timeout(30 * 60_000)
      const [ipv4] = readTables()
      if (ipv4 && ipv4.limit > DEFAULT_LIMIT) t.log(`this host allows ${ipv4.limit} entries: nothing is flushed`)
      const { run } = program(t)
      const { status, stderr } = await run('test', name, '--nvm=100', '--stop')
      t.is(status, 0, stderr)
      t.regex(stderr, says)
    },
  )
}

test.serial('refuses two hundred nodes with the default limit, and says how to raise it', async t => {
  if (readTables().some(({ limit }) => limit > DEFAULT_LIMIT)) return t.pass('this host allows more')
  const { run } = program(t)
  const { status, stderr } = await run('test', 'bridge', '--nvm=200')
  t.is(status, 3, stderr)
  t.regex(
    stderr,
    /about \d+ neighbor entries are needed, .* 1024 of IPv4.*sysctl net\.ipv4\.neigh\.default\.gc_thresh3=\d+/,
  )
})
