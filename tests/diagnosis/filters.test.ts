import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { diagnoseMatrix, diagnoseStep, suspectPods } from '../../scripts/diagnosis/diagnose.ts'
import { type AllFilters, parseFilters } from '../../scripts/diagnosis/filters.ts'
import { evaluate } from '../../scripts/diagnosis/rules.ts'
import { readRuleset } from '../../scripts/diagnosis/ruleset.ts'
import { matrixOf, recorded } from './network.ts'

type Lost = Parameters<typeof matrixOf>[2]

/** Output of `nft -j list ruleset` for rules made by nft and iptables; each line also has the commands. */
const RULESETS = new Map(
  fs
    .readFileSync(path.join(import.meta.dirname, 'fixtures/rulesets.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { name: string; ruleset: unknown })
    .map(({ name, ruleset }) => [name, JSON.stringify(ruleset)]),
)

/** @param counted value of all counters */
const ruled = (name: string, counted = 5) =>
  `ruleset ${(RULESETS.get(name) ?? '').replaceAll('"packets":0', `"packets":${counted}`)}`

/** Output of `netns_test filters` for a node or a POD. */
function filtersOf(name: string, ...lines: string[]): AllFilters {
  const node = name.slice(0, 'vm-001'.length)
  return parseFilters(node, [`${name === node ? 'node' : 'pod'} ${name}`, ...lines].join('\n'))
}

const causes = (filters: AllFilters, lost: Lost, name = 'L3') => {
  const network = recorded(name)
  const matrix = matrixOf(network, name === 'bridge' ? 'node' : 'all', lost)
  return diagnoseMatrix(network, matrix, filters).causes.map(({ subject, what }) => `${subject}: ${what}`)
}

const isFour = ({ address }: { address: string }) => !address.includes(':')
const from =
  (node: string, others: (node: string) => boolean = other => other !== node): Lost =>
  (source, destination) =>
    isFour(destination) && source.node === node && others(destination.node)
const into =
  (node: string): Lost =>
  (source, destination) =>
    isFour(destination) && destination.node === node && source.node !== node

const around =
  (node: string): Lost =>
  (source, destination) =>
    from(node)(source, destination) || into(node)(source, destination)
const both =
  (...pods: readonly string[]): Lost =>
  (source, destination) =>
    isFour(destination) && pods.every(pod => source.pod === pod || destination.pod === pod)

test('names a rule that drops packets between two PODs only if that pair is lost', t => {
  const filters = filtersOf('vm-002', ruled('one pair'))
  const lost: Lost = (source, { address }) => source.pod === 'vm-001-ns01' && address === '172.16.2.1'
  t.deepEqual(causes(filters, lost), [
    'vm-002: a rule of chain f of table inet cut drops packets: ip saddr 172.16.1.1 ip daddr 172.16.2.1 icmp type echo-request drop',
  ])
  t.deepEqual(
    causes(filters, (source, { address }) => source.pod === 'vm-001-ns02' && address === '172.16.2.1'),
    [],
  )
  t.deepEqual(causes(filtersOf('vm-003', ruled('one pair')), lost), [])
})

test('names a policy that drops packets unless an earlier rule accepts them', t => {
  t.deepEqual(causes(filtersOf('vm-002', ruled('policy')), into('vm-002')), [
    'vm-002: the policy of chain forward of table inet fw drops packets',
  ])
  t.deepEqual(causes(filtersOf('vm-002', ruled('accepted before')), into('vm-002')), [])
  t.deepEqual(causes(filtersOf('vm-002', ruled('perhaps accepted')), into('vm-002')), [])
  t.deepEqual(causes(filtersOf('vm-002', ruled('iptables policy')), into('vm-002')), [])
  t.deepEqual(causes(filtersOf('vm-002', ruled('iptables policy', 0)), around('vm-002')), [
    'vm-002: the policy of chain FORWARD of table ip filter drops packets',
  ])
})

test('does not blame rules that concern other packets, have a zero counter, or match at random', t => {
  const lost: Lost = ({ node }, destination) => node !== destination.node
  for (const node of ['vm-001', 'vm-002', 'vm-003'])
    t.deepEqual(causes(filtersOf(node, ruled('harmless', 0)), lost), [])
})

test('follows jumps, maps and sets', t => {
  const [filters, lost] = [filtersOf('vm-002', ruled('called')), around('vm-002')]
  const only: Lost = (source, destination) =>
    [source.node, destination.node].includes('vm-001') && lost(source, destination)
  t.deepEqual(causes(filters, only), [
    'vm-002: a rule of chain other of table inet fw drops packets: ip saddr @bad reject',
  ])
  t.deepEqual(causes(filtersOf('vm-002', ruled('called', 0)), only), [])
})

test('names rules of iptables', t => {
  t.deepEqual(causes(filtersOf('vm-001', ruled('iptables')), from('vm-001')), [
    'vm-001: a rule of chain FORWARD of table ip filter drops packets: meta l4proto icmp ip saddr 172.16.1.0/24 icmp comment REJECT',
  ])
  t.deepEqual(causes(filtersOf('vm-001', ruled('iptables', 0)), from('vm-001')), [])
})

test('does not blame a rule if pairs that match it answer', t => {
  const one: Lost = (source, { address }) => source.pod === 'vm-001-ns01' && address === '172.16.2.2'
  t.deepEqual(causes(filtersOf('vm-001', ruled('iptables')), one), [])
})

test('finds no cause behind address translation', t => {
  t.deepEqual(causes(filtersOf('vm-001', ruled('masquerade')), from('vm-001')), [])
})

test("names a POD's own rules for output and input", t => {
  const six: Lost = (source, destination) =>
    !isFour(destination) && [source.pod, destination.pod].includes('vm-002-ns01')
  t.deepEqual(causes(filtersOf('vm-002-ns01', ruled('output')), six), [
    'vm-002-ns01: a rule of chain out of table ip6 own drops packets: icmpv6 type { echo-request, echo-reply } drop',
  ])
  t.deepEqual(causes(filtersOf('vm-002-ns01', ruled('input')), both('vm-002-ns01')), [
    'vm-002-ns01: the policy of chain in of table inet own drops packets',
  ])
})

test('names rules of a bridge, and rules for routed packets if br_netfilter applies them', t => {
  const lost = both('vm-001-ns01', 'vm-001-ns02')
  t.deepEqual(causes(filtersOf('vm-001', ruled('bridge')), lost, 'bridge'), [
    'vm-001: a rule of chain f of table bridge b drops packets: iifname vm-001-ns01 ip daddr 172.16.1.2 drop',
  ])
  const all: Lost = ({ node }, destination) => isFour(destination) && node === 'vm-001'
  const policy = ruled('iptables policy', 0)
  t.deepEqual(causes(filtersOf('vm-001', policy), all, 'bridge'), [])
  const called = 'sysctl bridge/bridge-nf-call-iptables=1 bridge/bridge-nf-call-ip6tables=0'
  t.deepEqual(causes(filtersOf('vm-001', called, policy), all, 'bridge'), [
    'vm-001: the policy of chain FORWARD of table ip filter drops packets',
  ])
})

const ALL_OFF = 'sysctl ipv4/conf/all/forwarding=0 ipv4/conf/eth1/forwarding=0 ipv4/conf/cbr0/forwarding=0'

test('names disabled forwarding on a node that must forward', t => {
  const lost = around('vm-002')
  t.deepEqual(causes(filtersOf('vm-002', ALL_OFF), lost), ['vm-002: IPv4 forwarding is off (net.ipv4.ip_forward=0)'])
  const one = filtersOf(
    'vm-002',
    ALL_OFF.replace('all/forwarding=0', 'all/forwarding=1').replace('cbr0/forwarding=0', ''),
  )
  t.deepEqual(causes(one, lost), ['vm-002: IPv4 forwarding is off (net.ipv4.conf.eth1.forwarding=0)'])
  const six: Lost = (source, destination) =>
    !isFour(destination) && source.node !== destination.node && [source.node, destination.node].includes('vm-002')
  t.deepEqual(causes(filtersOf('vm-002', 'sysctl ipv6/conf/all/forwarding=0'), six), [
    'vm-002: IPv6 forwarding is off (net.ipv6.conf.all.forwarding=0)',
  ])
  // Neither bridged packets nor pings from the node to its POD are forwarded.
  t.deepEqual(
    causes(
      filtersOf('vm-001', ALL_OFF),
      from('vm-001', () => true),
      'bridge',
    ),
    [],
  )
  const failed = { test: 'L3', step: 'ping', index: 1, node: 'vm-001', lastLines: [] }
  const why = 'no answer to ping: vm-001-ns01, address 172.16.1.1'
  t.deepEqual(diagnoseStep(recorded('L3'), [{ ...failed, why }], filtersOf('vm-001', ALL_OFF)).causes, [])
})

test('names a POD that ignores pings after a failed step', t => {
  const failed = { test: 'bridge', step: 'bridge_ping', index: 3, node: 'vm-002', lastLines: [] }
  const failures = [{ ...failed, why: 'no answer to ping: vm-002-ns01, address 172.16.2.1' }]
  t.deepEqual(suspectPods(failures, undefined, 16), [{ pod: 'vm-002-ns01', node: 'vm-002' }])
  const filters = filtersOf('vm-002-ns01', 'sysctl ipv4/icmp_echo_ignore_all=1')
  t.deepEqual(
    diagnoseStep(recorded('bridge'), failures, filters).causes.map(({ what }) => what),
    ['ignores pings (net.ipv4.icmp_echo_ignore_all=1)'],
  )
})

test('suspects the PODs with the most missing pairs first', t => {
  const matrix = matrixOf(recorded('L3'), 'all', ({ pod }) => pod === 'vm-003-ns01')
  t.deepEqual(suspectPods([], matrix, 1), [{ pod: 'vm-003-ns01', node: 'vm-003' }])
})

test('evaluates arbitrary rules without an error, and in bounded time', t => {
  const packet = { family: 4, source: '172.16.1.1', destination: '172.16.2.1', isReply: false } as const
  const hooks = ['prerouting', 'forward', 'output']
  const statement = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(
      { jump: { target: 'a' } },
      { goto: { target: 'b' } },
      { match: { op: '==', left: { payload: { protocol: 'ip', field: 'saddr' } }, right: { prefix: { addr: 'x' } } } },
      { match: { op: '!=', left: { meta: { key: 'iifname' } }, right: { set: [{ elem: { val: '@c' } }] } } },
      { vmap: { key: { ct: { key: 'state' } }, data: { set: [['new', { jump: { target: 'a' } }]] } } },
      { drop: null },
    ),
  )
  const own = { family: 'inet', table: 't' }
  const entries = fc.array(
    fc.oneof(
      fc.record({ rule: fc.record({ chain: fc.constantFrom('a', 'b'), expr: fc.array(statement) }) }),
      fc.jsonValue(),
    ),
  )
  fc.assert(
    fc.property(entries, generated => {
      const chains = ['a', 'b'].map(name => ({ chain: { ...own, name, hook: 'forward', policy: 'drop' } }))
      const rules = generated.map(one =>
        one !== null && typeof one === 'object' && 'rule' in one
          ? { rule: { ...own, ...(one as { rule: object }).rule } }
          : one,
      )
      const ruleset = readRuleset(JSON.stringify({ nftables: [...chains, ...rules] }))
      if (ruleset) evaluate(ruleset, ['inet', 'ip'], hooks, packet)
      t.pass()
    }),
    { numRuns: 500 },
  )
  const jumps = Array.from({ length: 40 }, () => ({ rule: { ...own, chain: 'a', expr: [{ jump: { target: 'a' } }] } }))
  const loop = readRuleset(JSON.stringify({ nftables: [{ chain: { ...own, name: 'a', hook: 'forward' } }, ...jumps] }))
  t.is(loop && evaluate(loop, ['inet'], hooks, packet), 'unknown')
  for (const text of ['', '{', 'null', '{"nftables":[{"chain":{}}]}']) t.is(readRuleset(text), undefined)
})
