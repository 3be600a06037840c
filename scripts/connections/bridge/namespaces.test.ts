import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { program } from '../../../tests/namespaces/program.ts'
import { wrongPairs } from '../../../tests/namespaces/sides.ts'

test('bridge passes with twelve PODs in two nodes and PODIF=hostname', async t => {
  const { runWith } = program(t)
  const { status, stdout, stderr } = await runWith(
    { xcluster_NPODS: '12', xcluster_PODIF: 'hostname' },
    ...['test', 'bridge', '--nvm=2', '--results', 'results'],
  )
  t.is(status, 0, stderr)
  t.true(stdout.includes('vm-002-ns12 172.16.2.12 answers'))
})

test('reports a POD whose link goes down with node and address, and leaves the cluster running', async t => {
  const { run, runWith, state } = program(t)
  const bin = path.join(state, 'unplugged/usr/local/bin')
  fs.mkdirSync(bin, { recursive: true })
  // Precedes the real fping on PATH. Before the last step, the steps would set the link up again.
  const fping = '#!/bin/sh\nip link set vm-002-ns03 down 2>/dev/null\nexec /usr/bin/fping "$@"\n'
  fs.writeFileSync(path.join(bin, 'fping'), fping, { mode: 0o755 })
  const tar = '#!/bin/sh\nexec tar cf "$1" -C "$(dirname "$0")" usr\n'
  fs.writeFileSync(path.join(state, 'unplugged/tar'), tar, { mode: 0o755 })
  const failed = await run('test', 'bridge', './unplugged', '--nvm=2', '--results', 'results')
  t.is(failed.status, 1)
  for (const address of ['172\\.16\\.2\\.3', '1000::1:ac10:203']) {
    t.regex(failed.stderr, new RegExp(`FAILED: .*no answer to ping: vm-002-ns03, address ${address}$`, 'm'))
  }
  t.regex(failed.stderr, /FAILED: bridge: bridge_ping on vm-002: no answer to ping: vm-002-ns03/)
  t.regex(failed.stderr, /likely cause: vm-002: vm-002-ns03 is down\n[^\n]*FAILED: bridge/)
  t.regex(failed.stderr, /FAILED: 1 of 1 test: bridge$/m)
  t.notRegex(failed.stderr, /vm-002-ns0[124]|on vm-001: /)
  t.regex(
    failed.stderr.trim().split('\n').at(-1) ?? '',
    /The cluster is left running: .* shell --cluster \S+ vm-001 enters it, .* stop --cluster \S+ ends it/,
  )
  t.regex(
    failed.stdout.trim().split('\n').at(-1) ?? '',
    /vm-002 bridge\/bridge_ping - FAILED first: no answer to ping: vm-002-ns03/,
  )
  const inCi = await runWith({ CI: 'true' }, 'status', '--json')
  t.is(JSON.parse(inCi.stdout)[0].condition, 'kept')

  t.is((await run('exec', 'vm-002', '--', 'rm', '/usr/local/bin/fping')).status, 0)
  const repaired = await run('test', 'bridge', '--no-start', '--results', 'results')
  t.is(repaired.status, 0, `the steps bring the link up again: ${repaired.stderr}`)
})

test('the matrix of bridge reports exactly the forbidden answers from another node, with pings without pauses', async t => {
  const { run, runWith } = program(t)
  const start = await runWith({ xcluster_NPODS: '2' }, 'test', 'bridge', '--nvm=2', '--no-stop')
  t.is(start.status, 0, start.stderr)
  t.regex(start.stderr, /: matrix: 8 of 8 pairs answer; 16 of 16 forbidden pairs blocked;/)
  for (const [node, other] of [
    [1, 2],
    [2, 1],
  ]) {
    for (const [target, command] of [
      [`vm-00${node}`, `netns_test tcase_forward && ip route add 172.16.${other}.0/24 via 192.168.1.${other}`],
      [`vm-00${node}-ns01`, `ip route add 172.16.${other}.1 via 172.16.${node}.0`],
    ] as const) {
      const { status, stderr } = await run('exec', target, '--', 'sh', '-c', command)
      t.is(status, 0, `${target}: ${command}: ${stderr}`)
    }
  }
  const { status, stdout, stderr } = await run('test', 'matrix', '--no-start', '--reach', 'bridge', '--timeout=30')
  t.is(status, 1, stderr)
  t.regex(stderr, /: matrix: 8 of 8 pairs answer; 14 of 16 forbidden pairs blocked;/)
  t.deepEqual(wrongPairs(stdout), ['vm-001-ns01 172.16.2.1', 'vm-002-ns01 172.16.1.1'])
})
