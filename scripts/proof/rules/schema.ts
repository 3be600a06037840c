import { isIP } from 'node:net'
import * as v from 'valibot'
import type { Selector, SelectorTerms } from '../../settings/selectors.ts'
import { portOf, protocolsOf } from './probe.ts'
import { type Protocol, REFUSALS, type Rule, type RuleSet } from './rule.ts'

const PROTOCOL = /^(icmp|(tcp|udp|sctp)\/([1-9]\d{0,4}))$/

const isProtocol = (text: unknown): text is Protocol => {
  const match = typeof text === 'string' && PROTOCOL.exec(text)
  return Boolean(match && Number(match[3] ?? 1) <= 65_535)
}

const whole = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least, `at least ${least}`), v.maxValue(most, `at most ${most}`))

const name = v.pipe(v.string(), v.regex(/^\S{1,255}$/, 'a name without spaces'))

const numbers = v.union([whole(1, 9999), v.pipe(v.array(whole(1, 9999)), v.minLength(1))])

const terms: v.GenericSchema<SelectorTerms> = v.pipe(
  v.strictObject({
    pod: v.exactOptional(name),
    number: v.exactOptional(numbers),
    node: v.exactOptional(name),
    role: v.exactOptional(v.picklist(['worker', 'router', 'tester'], 'worker, router or tester')),
    label: v.exactOptional(name),
  }),
  v.check(selector => Object.keys(selector).length > 0, 'one of pod, number, node, role and label'),
)

const selector: v.GenericSchema<Selector> = v.union(
  [name, whole(1, 9999), terms, v.pipe(v.array(v.lazy(() => selector)), v.minLength(1))],
  'a POD name, a number, an object of pod, number, node, role and label, or a list of these',
)

const PROTOCOLS = 'icmp, tcp/<port>, udp/<port> or sctp/<port>'
const protocol = v.custom<Protocol>(isProtocol, PROTOCOLS)

const result = v.picklist(['reply', 'refused', 'silent', 'blocked'], 'reply, refused, silent or blocked')

const expected = {
  expect: result,
  by: v.exactOptional(v.picklist(REFUSALS, REFUSALS.join(', '))),
}

/** IPv6 links carry 1280 bytes, IPv4 hosts take 576; no packet is longer than 65,535. */
const PACKET = [100, 65_535] as const

const spread = v.pipe(
  v.strictObject({
    over: selector,
    connections: v.exactOptional(whole(1, 1000)),
    atLeast: v.exactOptional(whole(0, 1_000_000)),
    atMost: v.exactOptional(whole(1, 1_000_000)),
  }),
  v.check(({ atLeast = 1, atMost = 1_000_000 }) => atLeast <= atMost, 'atLeast is more than atMost'),
)

const speaks = (rule: Rule, ...kinds: readonly string[]) =>
  protocolsOf(rule).length > 0 && protocolsOf(rule).every(one => kinds.includes(portOf(one)[0]))

/** Whether members of a rule fit together, and if not, which do not. */
const CHECKS: readonly (readonly [fits: (rule: Rule) => boolean, message: string])[] = [
  [rule => rule.by === undefined || rule.expect === 'refused', 'by is only for expect: refused'],
  [
    rule => [rule.size, rule.fragmented, rule.bulk, rule.mtu].filter(one => one !== undefined).length <= 1,
    'only one of size, fragmented, bulk and mtu',
  ],
  [
    rule => (rule.size ?? rule.fragmented) === undefined || speaks(rule, 'icmp', 'udp'),
    'size and fragmented need the protocol icmp or udp/<port>',
  ],
  [rule => rule.bulk === undefined || speaks(rule, 'tcp'), 'bulk needs the protocol tcp/<port>'],
  [rule => rule.mtu === undefined || speaks(rule, 'icmp'), 'mtu needs the protocol icmp'],
  [rule => rule.mtu === undefined || rule.expect === 'reply', 'mtu needs expect: reply'],
  [
    rule => rule.spread === undefined || (typeof rule.to === 'string' && isIP(rule.to) > 0),
    'spread needs an address in to',
  ],
  [
    rule => rule.spread === undefined || (speaks(rule, 'tcp', 'sctp') && rule.expect === 'reply'),
    'spread needs the protocol tcp/<port> or sctp/<port>, and expect: reply',
  ],
]

const rule: v.GenericSchema<Rule> = v.pipe(
  v.strictObject({
    from: v.exactOptional(selector),
    to: v.exactOptional(selector),
    family: v.exactOptional(v.picklist([4, 6], '4 or 6')),
    protocol: v.exactOptional(v.union([protocol, v.pipe(v.array(protocol), v.minLength(1))], PROTOCOLS)),
    size: v.exactOptional(whole(...PACKET)),
    fragmented: v.exactOptional(whole(...PACKET)),
    bulk: v.exactOptional(whole(1, 100_000_000)),
    mtu: v.exactOptional(v.union([whole(...PACKET), v.literal('measure')], 'a number of bytes, or measure')),
    spread: v.exactOptional(spread),
    ...expected,
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const broken = CHECKS.find(([fits]) => !fits(dataset.value as Rule))
    if (broken) addIssue({ message: broken[1] })
  }),
)

/** Ordered rules, as a test file writes them. */
export const ruleSet: v.GenericSchema<RuleSet> = v.strictObject({
  rules: v.pipe(v.array(rule), v.minLength(1)),
  default: v.union([result, v.strictObject(expected)], 'reply, refused, silent or blocked'),
  families: v.exactOptional(v.pipe(v.array(v.picklist([4, 6], '4 or 6')), v.minLength(1))),
  labels: v.exactOptional(v.record(name, v.pipe(v.array(name), v.minLength(1)))),
})
