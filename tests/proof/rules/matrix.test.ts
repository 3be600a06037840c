import test from 'ava'
import { podKey } from '../../../scripts/proof/network.ts'
import { assembleProbes, tasksOf } from '../../../scripts/proof/rules/matrix.ts'
import type { Observation, PodObservations, ServerState } from '../../../scripts/proof/rules/observation.ts'
import { planProbes } from '../../../scripts/proof/rules/plan.ts'
import type { Rule, RuleSet } from '../../../scripts/proof/rules/rule.ts'
import { network } from './network.ts'

const FACTS = network([
  [1, 1, [4]],
  [1, 2, [4]],
  [2, 1, [4]],
])

type Answers = Readonly<Record<string, Observation>>

/** What comes of probes: replies of the right PODs, except for `<source> <target>`, both without `vm-00` and `-ns0`. */
function prove(
  rules: readonly Rule[],
  given: Answers = {},
  lost: Readonly<Record<string, [number, ServerState]>> = {},
) {
  const set: RuleSet = { rules, default: 'silent' }
  const [plan] = planProbes(set, FACTS)
  if (!plan) throw new Error('no plan')
  const short = (pod: string) => pod.replace('vm-00', '').replace('-ns0', '.')
  const observed = new Map<string, PodObservations>()
  const servers = new Map<string, ServerState>()
  for (const [row, source] of plan.sources.entries()) {
    const tasks = tasksOf(plan, set, row)
    const results = tasks.map(({ target: { pod, node }, column, isControl }): Observation => {
      const said = given[`${short(source.pod)} ${short(pod)}`]
      if (said) return said
      const rule = set.rules[plan.rules[row]?.[column] ?? -1]
      const reply = { kind: 'reply', by: { pod, node }, milliseconds: 1 } as const
      return isControl || rule?.expect === 'reply' ? reply : { kind: 'silent', sent: 2 }
    })
    const [clientDrops, server] = lost[short(source.pod)] ?? [0, { drops: 0, stall: 5 }]
    observed.set(podKey(source), { results, others: new Map(), clientDrops })
    servers.set(podKey(source), server)
  }
  const { wrong, unproved, counts } = assembleProbes(plan, set, FACTS, observed, servers)
  return {
    wrong: wrong.map(({ source, target, why }) => `${short(source.pod)} ${short(target.pod)} ${why}`),
    unproved: unproved.map(({ source, pairs, why }) => `${short(source.pod)} ${pairs}: ${why}`),
    counts,
  }
}

const SAME_NODE: readonly Rule[] = [
  { from: 'vm-001-*', to: 'vm-001-*', protocol: 'tcp/80', expect: 'reply' },
  { from: 'vm-002-*', protocol: 'tcp/80', expect: 'silent' },
]

test('all pairs as expected: nothing is wrong, and silence is proved by controls', t => {
  t.deepEqual(prove(SAME_NODE), {
    wrong: [],
    unproved: [],
    counts: { expected: 2, reached: 2, forbidden: 4, closed: 4, unsent: 0 },
  })
})

test('a wrong POD that answers is named with the right one', t => {
  const by = { pod: 'vm-002-ns01', node: 'vm-002' }
  const { wrong } = prove(SAME_NODE, { '1.1 1.2': { kind: 'reply', by, milliseconds: 1 } })
  t.deepEqual(wrong, ['1.1 1.2 is answered by the wrong POD: vm-002-ns01 on vm-002'])
})

for (const [expected, observed, why] of [
  [{ expect: 'reply' }, { kind: 'silent', sent: 1 }, 'is silent, but must reply'],
  [{ expect: 'reply' }, { kind: 'unsent', why: 'EPERM' }, 'is not sent (EPERM), but must reply'],
  [{ expect: 'reply' }, { kind: 'refused', refusal: 'reset' }, 'is refused by reset, but must reply'],
  [{ expect: 'reply' }, { kind: 'unidentified', why: 'mute' }, /does not say which POD it is, but must reply/],
  [
    { expect: 'silent' },
    { kind: 'refused', refusal: 'admin-prohibited', from: '10.0.0.1' },
    'is refused by admin-prohibited from 10.0.0.1, but must be silent',
  ],
  [{ expect: 'silent' }, { kind: 'unidentified', why: 'mute' }, /, but must be silent/],
  [{ expect: 'silent' }, { kind: 'reply', milliseconds: 1 }, 'replies, but must be silent'],
  [{ expect: 'refused' }, { kind: 'silent', sent: 2 }, 'is silent, but must be refused'],
  [
    { expect: 'refused', by: 'reset' },
    { kind: 'refused', refusal: 'port-unreachable' },
    'is refused by port-unreachable, but must be refused by reset',
  ],
  [{ expect: 'refused' }, { kind: 'refused', refusal: 'too-big', mtu: 1400 }, /MTU 1400\), but must be refused/],
  [{ expect: 'blocked' }, { kind: 'reply', milliseconds: 1 }, 'replies, but must be blocked'],
  [{ expect: 'refused' }, { kind: 'refused', refusal: 'reset' }, undefined],
  [{ expect: 'refused', by: 'reset' }, { kind: 'refused', refusal: 'reset' }, undefined],
  [{ expect: 'blocked' }, { kind: 'refused', refusal: 'reset' }, undefined],
  [{ expect: 'blocked' }, { kind: 'unsent', why: 'EPERM' }, undefined],
  [{ expect: 'silent' }, { kind: 'unsent', why: 'ENETUNREACH' }, undefined],
] as const) {
  test(`${JSON.stringify(expected)} and ${JSON.stringify(observed)}: ${why ?? 'right'}`, t => {
    const rules: readonly Rule[] = [
      { from: 'vm-001-ns01', to: 'vm-001-ns02', protocol: 'tcp/80', ...expected },
      { protocol: 'tcp/80', expect: 'reply' },
    ]
    const { wrong, unproved } = prove(rules, { '1.1 1.2': observed })
    t.deepEqual(unproved, [])
    t.is(wrong.length, why === undefined ? 0 : 1, wrong.join())
    if (typeof why === 'string') t.is(wrong[0], `1.1 1.2 ${why}`)
    else if (why) t.regex(wrong[0] ?? '', why)
  })
}

test('a POD that must be silent to all others shows by its answer to itself that it was up', t => {
  const rules: readonly Rule[] = [
    { to: 'vm-002-ns01', protocol: 'tcp/80', expect: 'silent' },
    { protocol: 'tcp/80', expect: 'reply' },
  ]
  t.like(prove(rules), { wrong: [], unproved: [], counts: { forbidden: 2, closed: 2 } })
  const down = prove(rules, { '2.1 2.1': { kind: 'silent', sent: 2 } })
  t.deepEqual(
    down.unproved,
    ['1.1', '1.2'].map(pod => `${pod} 1: vm-002-ns01 answered nobody, not even itself`),
  )
  t.is(down.counts.closed, 0)
})

test('silence proves nothing to a POD that gets no answers', t => {
  const silent = { kind: 'silent', sent: 2 } as const
  const itself = prove(SAME_NODE, { '2.1 2.1': silent })
  t.deepEqual(itself.unproved, [
    '1.1 1: vm-002-ns01 answered nobody, not even itself',
    '1.2 1: vm-002-ns01 answered nobody, not even itself',
    '2.1 2: it does not even answer itself',
  ])
  t.is(itself.counts.closed, 0)
  const peers = prove(SAME_NODE, { '1.1 1.2': silent })
  t.deepEqual(peers.wrong, ['1.1 1.2 is silent, but must reply'])
  t.deepEqual(peers.unproved, ['1.1 1: no POD that must answer did'])
})

test('silence proves nothing if a prober or a server lost packets', t => {
  const { unproved } = prove(SAME_NODE, {}, { '1.1': [5, { drops: 0, stall: 0 }], '2.1': [0, { drops: 7, stall: 0 }] })
  t.deepEqual(unproved, ['1.1 1: its prober lost 5 packets', '1.2 1: the server of vm-002-ns01 lost 7 packets'])
})

test('a packet that the kernel did not send needs no answering target, but a working prober', t => {
  const unsent = { kind: 'unsent', why: 'ENETUNREACH' } as const
  const { unproved, counts } = prove(SAME_NODE, { '2.1 1.1': unsent, '2.1 1.2': unsent })
  t.deepEqual(unproved, [])
  t.is(counts.unsent, 2)
  const broken = prove(SAME_NODE, { '2.1 1.1': unsent, '2.1 1.2': unsent, '2.1 2.1': unsent })
  t.deepEqual(broken.unproved.at(-1), '2.1 2: it does not even answer itself')
})

test('a path MTU below that of the interface must be announced, and be as expected', t => {
  const mtu = (expected: number | 'measure', observed: Omit<Extract<Observation, { kind: 'mtu' }>, 'kind'>) =>
    prove([{ from: 'vm-001-ns01', to: 'vm-001-ns02', protocol: 'icmp', mtu: expected, expect: 'reply' }], {
      '1.1 1.2': { kind: 'mtu', ...observed },
    }).wrong
  t.deepEqual(mtu('measure', { mtu: 1500 }), [])
  t.deepEqual(mtu('measure', { mtu: 1400, announced: 1400, from: '10.0.0.1' }), [])
  t.deepEqual(mtu(1400, { mtu: 1400, announced: 1400, from: '10.0.0.1' }), [])
  t.deepEqual(mtu(1400, { mtu: 1500 }), ['1.1 1.2 path MTU is 1500, but must be 1400'])
  t.deepEqual(mtu('measure', { mtu: 1400 }), [
    '1.1 1.2 black hole: packets of 1401 to 1500 bytes vanish, and no ICMP error says that they are too big',
  ])
  t.deepEqual(mtu('measure', { mtu: 1300, announced: 1400, from: '10.0.0.1' }), [
    '1.1 1.2 black hole: 10.0.0.1 announces an MTU of 1400, but packets above 1300 bytes vanish',
  ])
})

test('a server that did not run for a second may have missed datagrams, but the kernel accepts connections', t => {
  const stalled = { '2.1': [0, { drops: 0, stall: 1000 }] } as const
  const over = (protocol: 'udp/53' | 'tcp/80') =>
    prove(
      SAME_NODE.map(rule => ({ ...rule, protocol })),
      {},
      { ...stalled } as never,
    )
  t.deepEqual(over('udp/53').unproved, [
    '1.1 1: the server of vm-002-ns01 did not run for 1000 ms',
    '1.2 1: the server of vm-002-ns01 did not run for 1000 ms',
  ])
  t.deepEqual(over('tcp/80').unproved, [])
})
