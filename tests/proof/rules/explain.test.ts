import test from 'ava'
import { explainReach, explainRules } from '../../../scripts/proof/rules/explain.ts'

const PODS = {
  sources: ['vm-001-ns01', 'vm-001-ns02', 'vm-002-ns01'].map(pod => ({ pod, node: pod.slice(0, 6) })),
  families: [4, 6],
} as const
const LEGEND = 'a row for each source (r reply, x refused, - silent, b blocked, . not probed)'

test('shows rules with their pairs, and a table for each probe', t => {
  const lines = explainRules(
    {
      rules: [
        { to: '*-ns02', protocol: 'tcp/80', family: 6, expect: 'refused', by: 'reset' },
        { from: { label: 'web' }, to: '10.0.0.1', protocol: 'tcp/80', expect: 'reply', spread: { over: 'vm-002-*' } },
        { from: { label: 'web' }, protocol: 'icmp', mtu: 1450, expect: 'reply' },
      ],
      default: 'silent',
      labels: { web: ['vm-001-ns01'] },
    },
    PODS,
  )
  t.deepEqual(lines, [
    'rule     from            to        family  probe          expected                                      pairs',
    '1        all             *-ns02    IPv6    tcp/80         refused by reset                              2',
    '2        { label: web }  10.0.0.1  both    tcp/80         reply, spread over vm-002-*, at least 1 each  1',
    '3        { label: web }  all       both    icmp path MTU  reply, MTU 1450                               4',
    'default                                                   silent                                        10',
    '',
    `tcp/80 over IPv4, ${LEGEND}:`,
    '  vm-001-ns01  .--r',
    '  vm-001-ns02  -.-.',
    '  vm-002-ns01  --..',
    '  the last columns are 10.0.0.1',
    `tcp/80 over IPv6, ${LEGEND}:`,
    '  vm-001-ns01  .x-',
    '  vm-001-ns02  -.-',
    '  vm-002-ns01  -x.',
    '',
    `icmp path MTU over IPv4 and IPv6, ${LEGEND}:`,
    '  vm-001-ns01  .rr',
    '  vm-001-ns02  ...',
    '  vm-002-ns01  ...',
  ])
})

test('shows the short forms', t => {
  t.deepEqual(explainReach('node', PODS), [
    'PODs of the same node reach each other; others are blocked',
    '',
    `icmp over IPv4 and IPv6, ${LEGEND}:`,
    '  vm-001-ns01  .rb',
    '  vm-001-ns02  r.b',
    '  vm-002-ns01  bb.',
  ])
  t.is(explainReach('all', { sources: [], families: [4] })[0], 'all PODs reach each other')
})

test('shows the whole table of many PODs', t => {
  const sources = Array.from({ length: 100 }, (_, index) => ({ pod: `vm-001-ns${index + 1}`, node: 'vm-001' }))
  const rows = explainReach('all', { sources, families: [4, 6] }).filter(line => /^ {2}vm-/.test(line))
  t.is(rows.length, 100)
  t.is(rows[1], `  ${'vm-001-ns2'.padEnd(12)}  r.${'r'.repeat(98)}`)
})

test('shows rules alone if the PODs are not known, and refuses one that matches nothing', t => {
  const lines = explainRules({ rules: [{ expect: 'reply' }], default: 'silent' }, { sources: [], families: [4] })
  t.is(lines.at(-1), 'The PODs are not known before the test runs.')
  const nothing = () => explainRules({ rules: [{ from: 'x', expect: 'reply' }], default: 'silent' }, PODS)
  t.throws(nothing, { code: 'UNUSED_RULE' })
})
