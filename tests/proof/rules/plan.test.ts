import test from 'ava'
import { planProbes } from '../../../scripts/proof/rules/plan.ts'
import { probeName } from '../../../scripts/proof/rules/probe.ts'
import type { RuleSet } from '../../../scripts/proof/rules/rule.ts'
import { FOUR, network } from './network.ts'

/** For each probe and source, a digit for the rule of each target, `d` for the default, `.` for none. */
const drawn = (set: RuleSet, facts = FOUR) =>
  Object.fromEntries(
    planProbes(set, facts).map(({ probe, rules }) => [
      probeName(probe),
      rules.map(row => [...row].map(rule => (rule === -1 ? 'd' : rule === -2 ? '.' : String(rule + 1))).join('')),
    ]),
  )

test('the first rule that matches decides, directed; the default decides the rest', t => {
  const set: RuleSet = {
    rules: [
      { from: { node: 'vm-001' }, to: '*-ns02', family: 4, expect: 'silent' },
      { from: 'vm-001-ns01', expect: 'reply' },
      { from: { label: 'db' }, to: { number: 1 }, expect: 'refused' },
    ],
    default: 'silent',
    labels: { db: ['vm-002-*'] },
  }
  // Each POD has an IPv4 and an IPv6 address, in this order.
  t.deepEqual(drawn(set), { icmp: ['..122212', 'dd..dd1d', '33dd..dd', '33dd33..'] })
})

/** Three PODs on two nodes, with IPv4 only. */
const THREE = network([
  [1, 1, [4]],
  [1, 2, [4]],
  [2, 1, [4]],
])

test('a rule without a protocol decides about all probes; others only about their own', t => {
  const set: RuleSet = {
    rules: [
      { to: 'vm-001-ns01', expect: 'silent' },
      { protocol: ['tcp/80', 'udp/53'], from: 'vm-001-*', expect: 'reply' },
      { protocol: 'tcp/81', expect: 'refused' },
    ],
    default: 'silent',
  }
  t.deepEqual(drawn(set, THREE), {
    'tcp/80': ['.22', '1.2', '1d.'],
    'udp/53': ['.22', '1.2', '1d.'],
    'tcp/81': ['.33', '1.3', '13.'],
  })
})

test('payloads are sent only between the pairs of their rules', t => {
  const set: RuleSet = {
    rules: [
      { protocol: 'icmp', size: 1400, to: '*-ns01', expect: 'silent' },
      { protocol: 'icmp', mtu: 'measure', from: 'vm-002-*', expect: 'reply' },
      { protocol: 'icmp', expect: 'reply' },
    ],
    default: 'silent',
  }
  t.deepEqual(drawn(set, THREE), {
    'icmp of 1400 bytes': ['..1', '1.1', '1..'],
    'icmp path MTU': ['...', '...', '22.'],
    icmp: ['.33', '3.3', '33.'],
  })
})

test("an address that is not a POD's is probed only by rules that name it", t => {
  const set: RuleSet = {
    rules: [
      { from: 'vm-001-*', to: '10.9.9.9', protocol: 'tcp/80', expect: 'reply' },
      { from: 'vm-001-*', protocol: 'tcp/80', expect: 'silent' },
    ],
    default: 'silent',
  }
  const facts = network([
    [1, 1, [4]],
    [2, 1, [4]],
  ])
  t.deepEqual(drawn(set, facts), { 'tcp/80': ['.21', 'd..'] })
})

test('a family that a POD lacks is not probed', t => {
  const facts = network([
    [1, 1, [4]],
    [2, 1, [4, 6]],
  ])
  t.deepEqual(drawn({ rules: [{ expect: 'reply' }], default: 'silent' }, facts), { icmp: ['.1.', '1..'] })
})

for (const [what, rules, message] of [
  ['matches no POD by from', [{ from: 'vm-009-*', expect: 'reply' }], /^rule 1 .* matches no POD by from: vm-009-\*$/],
  [
    'matches no POD by to',
    [{ expect: 'reply' }, { to: { node: 'x' }, expect: 'reply' }],
    /^rule 2 .* matches no address by to/,
  ],
  [
    'is behind one that matches all',
    [{ expect: 'reply' }, { to: '*-ns01', expect: 'silent' }],
    /^rule 2 .* decides about no pair/,
  ],
  ['has a label that is not defined', [{ to: { label: 'db' }, expect: 'silent' }], /^rule 1 uses the label 'db'/],
  [
    'is about a POD and itself',
    [{ from: 'vm-001-ns01', to: 'vm-001-ns01', expect: 'reply' }],
    /^rule 1 .* decides about no pair/,
  ],
] as const) {
  test(`refuses a rule that ${what}`, t => {
    const error = t.throws(() => planProbes({ rules, default: 'reply' }, FOUR), { code: 'UNUSED_RULE' })
    t.regex(error?.message ?? '', message)
  })
}
