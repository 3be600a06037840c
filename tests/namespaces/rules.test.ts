import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { conforms } from '../schema.ts'
import { program } from './program.ts'

const EXAMPLES = path.resolve(import.meta.dirname, '../../examples')

interface Pair {
  readonly source: { readonly pod: string }
  readonly target: { readonly pod: string; readonly family: number }
  readonly why: string
}

/** Runs an example's test, with changes to its files, and returns the results of its rules. */
async function runExample(
  t: ExecutionContext,
  name: string,
  change: (file: string, text: string) => string,
  options: readonly string[] = [],
) {
  const { state, run } = program(t)
  const directory = path.join(state, name)
  fs.mkdirSync(directory)
  for (const file of fs.readdirSync(path.join(EXAMPLES, name))) {
    const text = fs.readFileSync(path.join(EXAMPLES, name, file), 'utf8')
    fs.writeFileSync(path.join(directory, file), change(file, text))
  }
  const [file = ''] = fs.readdirSync(directory).filter(one => one.includes('.test.'))
  const results = path.join(state, 'results')
  const answer = await run('test', path.join(directory, file), '--results', results, '--stop', ...options)
  const json = path.join(results, name, 'matrix.json')
  const found = fs.existsSync(json) ? JSON.parse(fs.readFileSync(json, 'utf8')) : undefined
  return { ...answer, found, results }
}

/** `vm-001-ns01 → vm-002-ns04 IPv6`, sorted. */
const named = (pairs: readonly Pair[]) =>
  pairs.map(({ source, target }) => `${source.pod} → ${target.pod} IPv${target.family}`).sort()

test.serial(
  'the example of a policy passes: allowed, refused by reset and ICMP, and dropped in both families',
  async t => {
    const { status, stderr, found, results } = await runExample(t, 'policy', (_, text) => text, ['--nvm=2'])
    t.is(status, 0, stderr)
    t.regex(stderr, /rules: tcp\/80: 92 of 92 pairs reply; 20 of 20 forbidden pairs blocked\n/)
    t.regex(stderr, /rules: udp\/53: 84 of 84 pairs reply; 28 of 28 forbidden pairs blocked\n/)
    conforms(t, 'rules-matrix', found)
    const cells = (protocol: string): readonly (readonly [string, unknown] | null)[] =>
      found.matrices.find((one: { protocol: string }) => one.protocol === protocol).rows.flat()
    const kinds = (protocol: string) => [...new Set(cells(protocol).flatMap(cell => (cell ? [cell[0]] : [])))].sort()
    t.deepEqual(kinds('tcp/80'), ['reply', 'silent'])
    t.deepEqual(kinds('tcp/22'), ['refused', 'reply'])
    const refusals = cells('udp/53').flatMap(cell => (cell?.[0] === 'refused' ? [cell[1]] : []))
    t.deepEqual([...new Set(refusals)], ['admin-prohibited'])
    const pictures = fs.readdirSync(path.join(results, 'policy')).filter(name => name.endsWith('.svg'))
    t.deepEqual(pictures, ['matrix-icmp.svg', 'matrix-tcp-22.svg', 'matrix-tcp-80.svg', 'matrix-udp-53.svg'])
  },
)

test.serial('without one rule of the policy, exactly the pairs that it is about are wrong', async t => {
  const without = (_: string, text: string) => text.replace(/^.*ip6 saddr.*$/m, '')
  const { status, stderr, stdout, found } = await runExample(t, 'policy', without, ['--nvm=2'])
  t.is(status, 1, stderr)
  const [http, ...others] = found.matrices
  const expected = ['vm-001', 'vm-002'].flatMap(from =>
    ['vm-001', 'vm-002'].map(to => `${from}-ns01 → ${to}-ns04 IPv6`),
  )
  t.deepEqual(named(http.wrong), expected)
  t.deepEqual([...new Set(http.wrong.map(({ why }: Pair) => why))], ['is silent, but must reply'])
  for (const { wrong, unproved } of others) t.deepEqual([wrong, unproved], [[], []])
  t.regex(stdout, /FAILED: vm-001-ns01 → vm-002-ns04 1000::1:ac10:204 tcp\/80 is silent, but must reply/)
})

test.serial('VXLAN has its path MTU measured', async t => {
  const { run } = program(t)
  const { status, stderr } = await run('test', 'L3_vxlan', '--nvm=2')
  t.is(status, 0, stderr)
  t.regex(stderr, /icmp path MTU: 4 of 4 pairs reply; path MTU 1450 bytes\n/)
})

/** vm-001 does not announce that packets are too big for its tunnel. */
const HOLE = `summary: a black hole
needs: { nics: { workers: 2 }, net: 1, kinds: [vxlan], pods: { addresses: node, rndadr: 'no', veth: true } }
cluster: { __nvm: 2, xcluster_NPODS: 2 }
pods: numbered
steps:
  - name: forward
  - name: create_with_addresses
  - name: linux_bridge
  - name: default_route
  - { name: setup_overlay, arguments: [--type=vxlan] }
  - command: |
      nft 'add table inet t; add chain inet t o { type filter hook output priority 0; }'
      nft 'add rule inet t o icmp code frag-needed drop; add rule inet t o icmpv6 type packet-too-big drop'
    on: vm-001
reach:
  rules: [{ protocol: icmp, mtu: measure, expect: reply }]
  default: reply
`

test.serial('packets that vanish without an announcement are a black hole between exactly those pairs', async t => {
  const { state, run } = program(t)
  fs.writeFileSync(path.join(state, 'hole.test.yaml'), HOLE)
  const { status, stderr } = await run('test', './hole.test.yaml', '--results', 'results', '--stop')
  t.is(status, 1, stderr)
  const [{ wrong }] = JSON.parse(fs.readFileSync(path.join(state, 'results/hole/matrix.json'), 'utf8')).matrices
  const pods = (node: string) => [`${node}-ns01`, `${node}-ns02`]
  const across = pods('vm-001').flatMap(from =>
    pods('vm-002').flatMap(to => [4, 6].map(family => `${from} → ${to} IPv${family}`)),
  )
  t.deepEqual(named(wrong), across.sort())
  t.regex(wrong[0].why, /^black hole: packets of 1451 to 1500 bytes vanish/)
})

test.serial(
  'the example of a load balancer spreads connections, and only those to a POD that goes away break',
  async t => {
    const { status, stderr, stdout, found } = await runExample(t, 'load-balancer', (_, text) => text)
    t.is(status, 0, stderr)
    conforms(t, 'rules-matrix', found)
    for (const [index, address] of ['10.0.0.1', 'fd00:10::1'].entries()) {
      t.true(stdout.includes(`${address}: 4 of 64 connections broke when vm-002-ns03 went away`), stdout)
      const counts: Readonly<Record<string, number>> = found.spreads[index].counts
      t.is(Object.keys(counts).length, 16)
      t.is(
        Object.values(counts).reduce((sum, count) => sum + count),
        16 * 8,
      )
    }
  },
)

test.serial('a load balancer that leaves out a POD, or reaches a wrong one, fails with the counts', async t => {
  // vm-001-ns01 gets the turns of vm-001-ns02, too.
  const change = (_: string, text: string) =>
    text
      .replace("over: 'workers'", "over: [{ node: 'vm-001' }, { node: 'vm-002' }, { node: 'vm-003' }]")
      .replace(/(`172\.16\.\S+?)\bpod\b/, '$1pod === 2 ? 1 : pod')
      .replace(/\{\s+name: 'a target goes'[\s\S]*?\n {4}\},/, '')
  const { status, stderr, stdout } = await runExample(t, 'load-balancer', change)
  t.is(status, 1, stderr)
  t.regex(stdout, /FAILED: tcp\/80 of 10\.0\.0\.1: vm-001-ns02 answers 0 connections, but must answer at least 4/)
  t.regex(stdout, /FAILED: tcp\/80 of 10\.0\.0\.1: vm-001-ns01 answers 16 connections, but must answer at most 12/)
  t.regex(stdout, /FAILED: tcp\/80 of fd00:10::1 is answered by vm-004-ns01, which it must not be spread over/)
})
