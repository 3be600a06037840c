import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { conforms } from '../schema.ts'
import { type Pair, pairNames } from './holes.ts'
import { program } from './program.ts'

const EXAMPLES = path.resolve(import.meta.dirname, '../../examples')

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
  t.deepEqual(pairNames(http.wrong), expected)
  t.deepEqual([...new Set(http.wrong.map(({ why }: Pair) => why))], ['is silent, but must reply'])
  for (const { wrong, unproved } of others) t.deepEqual([wrong, unproved], [[], []])
  t.regex(stdout, /FAILED: vm-001-ns01 → vm-002-ns04 1000::1:ac10:204 tcp\/80 is silent, but must reply/)
})

/** Packets for vm-002-ns03 reach vm-002-ns01, and vm-001-ns01 has the address of vm-001-ns02, too. */
const WRONG_PODS = `summary: wrong PODs answer
needs: { nics: { workers: 2 }, net: 1, pods: { addresses: node, rndadr: 'no', veth: true } }
cluster: { __nvm: 2, xcluster_NPODS: 3 }
pods: numbered
steps:
  - forward
  - create_with_addresses
  - linux_bridge
  - default_route
  - setup_routes
  - command: |
      nft 'add table inet t; add chain inet t p { type nat hook prerouting priority dstnat; }'
      nft 'add rule inet t p ip daddr 172.16.2.3 dnat ip to 172.16.2.1'
    on: vm-002
  - command: ip address add 172.16.1.2/24 dev eth0
    in: vm-001-ns01
reach:
  rules: [{ protocol: [tcp/80, udp/53], expect: reply }]
  default: reply
`

test.serial('a wrong POD that answers is an error that names both', async t => {
  const { state, run } = program(t)
  fs.writeFileSync(path.join(state, 'wrong.test.yaml'), WRONG_PODS)
  const { status, stdout, stderr } = await run('test', './wrong.test.yaml', '--results', 'results', '--stop')
  t.is(status, 1, stderr)
  const { matrices } = JSON.parse(fs.readFileSync(path.join(state, 'results/wrong/matrix.json'), 'utf8'))
  for (const { protocol, wrong } of matrices) {
    // vm-002-ns01 and vm-002-ns02 reach it over the bridge.
    const ofDnat = wrong.filter(({ target }: Pair) => target.pod === 'vm-002-ns03')
    t.deepEqual(
      pairNames(ofDnat),
      [1, 2, 3].map(number => `vm-001-ns0${number} → vm-002-ns03 IPv4`),
    )
    for (const { why } of ofDnat) t.is(why, 'is answered by the wrong POD: vm-002-ns01 on vm-002', protocol)
  }
  t.true(
    stdout.includes(
      'FAILED: vm-001-ns02 → vm-002-ns03 172.16.2.3 tcp/80 is answered by the wrong POD: vm-002-ns01 on vm-002',
    ),
    stdout,
  )
  t.regex(stdout, /FAILED: address 172\.16\.1\.2 is used by vm-001-ns01 and vm-001-ns02/)
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

test.serial('a load balancer that omits a POD, or reaches a wrong one, fails with the counts', async t => {
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
