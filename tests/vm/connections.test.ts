import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { processesIn, program } from './program.ts'

const TESTS = [
  ...['start', 'bridge', 'cni_bridge', 'L2', 'L3', 'L3_overlay', 'L3_vxlan'],
  ...['ipvlan', 'macvlan', 'dual_bridges', 'dual_bridges_vlan'],
]

test('every test passes, none is left out, and each proof is brought home', async t => {
  const { run, state } = program(t)
  const { status, stderr } = await run('test', 'all', '--nvm=2', '--strict', '--results', 'results')
  t.is(status, 0, stderr)
  const passed = [...stderr.matchAll(/passed: ([a-zA-Z]\w*)/g)].map(([, name]) => name)
  t.deepEqual(passed.toSorted(), TESTS.toSorted())
  for (const name of TESTS.filter(name => name !== 'start')) {
    const { summary, wrong } = JSON.parse(fs.readFileSync(path.join(state, 'results', name, 'matrix.json'), 'utf8'))
    const pairs = /dual/.test(name) ? 2 * 5 * 4 * 2 : /bridge/.test(name) ? 2 * 4 * 3 * 2 : 8 * 7 * 2
    t.deepEqual([summary.expected, summary.reached, wrong], [pairs, pairs, []], name)
    t.true(fs.existsSync(path.join(state, 'results', name, 'matrix.svg')))
  }
  t.deepEqual(processesIn(state), [])
})

test('a bridge whose outside is silent fails, named by bridge, POD and address', async t => {
  const { run } = program(t)
  const started = await run('test', 'dual_bridges', '--no-stop')
  t.is(started.status, 0, started.stderr)
  const silence = ['sysctl', '-w', 'net.ipv4.icmp_echo_ignore_all=1']
  t.is((await run('exec', 'vm-202-eth4', '--', ...silence)).status, 0)
  const failed = await run('test', 'dual_bridges', '--no-start')
  t.is(failed.status, 1)
  t.regex(
    failed.stderr,
    /FAILED: dual_bridges: xbridge_ping on vm-001: .*from br3-vm-001-ns0\d, address 172\.16\.0\.100/,
  )
  t.notRegex(failed.stderr, /br2-vm-001-ns/)
})

test('a test that cannot be had is refused before anything starts; all leaves it out and says so', async t => {
  const { run, state } = program(t)
  const words = ['--nvm=1', '--nets-vm=0']
  const refused = await run('test', 'L3', ...words)
  t.is(refused.status, 3, refused.stderr)
  t.regex(refused.stderr, /L3/)
  t.deepEqual(processesIn(state), [])
  const { status, stderr } = await run('test', 'all', ...words)
  t.is(status, 0, stderr)
  t.regex(stderr, /skipped: L3: /)
  t.regex(stderr, /passed: bridge/)
  t.is((await run('test', 'L3', 'all', ...words, '--strict')).status, 3)
})
