import test from 'ava'
import * as v from 'valibot'
import { ruleSet } from '../../../scripts/proof/rules/schema.ts'

const check = (rule: unknown) => v.safeParse(ruleSet, { rules: [rule], default: 'silent' })

for (const rule of [
  { expect: 'reply' },
  { from: 'vm-001-*', to: { node: 'vm-002', number: [1, 2] }, family: 6, protocol: 'tcp/80', expect: 'silent' },
  {
    from: [{ label: 'db' }, { label: 'web' }],
    protocol: ['icmp', 'udp/53'],
    expect: 'refused',
    by: 'admin-prohibited',
  },
  { protocol: 'icmp', size: 1400, expect: 'reply' },
  { protocol: 'udp/53', fragmented: 4000, expect: 'reply' },
  { protocol: 'tcp/80', bulk: 1_000_000, expect: 'reply' },
  { protocol: 'icmp', mtu: 'measure', expect: 'reply' },
  { to: '10.0.0.1', protocol: 'tcp/80', expect: 'reply', spread: { over: { label: 'web' }, atLeast: 10, atMost: 60 } },
]) {
  test(`accepts the rule ${JSON.stringify(rule)}`, t => {
    const { success, issues } = check(rule)
    t.true(success, JSON.stringify(issues?.map(({ message }) => message)))
  })
}

for (const [rule, message] of [
  [{}, /expect/],
  [{ expect: 'answer' }, /^reply, refused, silent or blocked$/],
  [{ expect: 'reply', port: 80 }, /port/],
  [{ expect: 'reply', protocol: 'tcp/65536' }, /icmp, tcp\/<port>/],
  [{ expect: 'reply', protocol: 'tcp' }, /icmp, tcp\/<port>/],
  [{ expect: 'reply', from: {} }, /^one of pod, number, node, role and label$/],
  [{ expect: 'silent', by: 'reset' }, /^by is only/],
  [{ expect: 'reply', size: 1400 }, /^size and fragmented need/],
  [{ expect: 'reply', protocol: 'tcp/80', size: 1400 }, /^size and fragmented need/],
  [{ expect: 'reply', protocol: 'udp/80', bulk: 1400 }, /^bulk needs/],
  [{ expect: 'silent', protocol: 'icmp', mtu: 1400 }, /^mtu needs expect/],
  [{ expect: 'reply', protocol: 'icmp', mtu: 1400, size: 1400 }, /^only one of/],
  [{ expect: 'reply', protocol: 'tcp/80', to: 'vm-*', spread: { over: 'vm-*' } }, /^spread needs an address/],
  [
    { expect: 'reply', protocol: 'tcp/80', to: '10.0.0.1', spread: { over: 'vm-*', atLeast: 3, atMost: 2 } },
    /^atLeast is more than atMost$/,
  ],
] as const) {
  test(`refuses the rule ${JSON.stringify(rule)}`, t => {
    const { success, issues } = check(rule)
    t.false(success)
    t.regex(issues?.map(one => one.message).join('; ') ?? '', message)
  })
}

test('refuses a set without rules or without a default', t => {
  t.false(v.safeParse(ruleSet, { rules: [], default: 'silent' }).success)
  t.false(v.safeParse(ruleSet, { rules: [{ expect: 'reply' }] }).success)
})
