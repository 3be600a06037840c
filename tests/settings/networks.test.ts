import test from 'ava'
import fc from 'fast-check'
import { Address4 } from 'ip-address'
import { nodeNetwork, parseTemplate } from '../../scripts/settings/addressing.ts'
import { formatNetwork, overlap, prefixProblem, specialUse } from '../../scripts/settings/networks.ts'

const network = fc.record({ address: fc.nat(0xffffffff), length: fc.integer({ min: 0, max: 32 }) })
const asAddress4 = (of: { address: number; length: number }) => new Address4(formatNetwork(of))

test('networks overlap exactly when one contains the other, according to ip-address', t => {
  fc.assert(
    fc.property(network, network, (one, other) => {
      const [a, b] = [asAddress4(one), asAddress4(other)]
      t.is(overlap(one, other), a.isInSubnet(b) || b.isInSubnet(a))
    }),
  )
})

test("computes a node's network from the template and its number", t => {
  t.is(formatNetwork(nodeNetwork(parseTemplate('172.16.0.0/16/24'), 3)), '172.16.3.0/24')
  t.is(formatNetwork(nodeNetwork(parseTemplate('10.1.2.3/8/20'), 17)), '10.1.16.0/20')
  t.is(formatNetwork(nodeNetwork(parseTemplate('10.0.0.0/24/24'), 0)), '10.0.0.0/24')
})

test('recognizes special networks, but not their neighbors', t => {
  const use = (text: string, length: number) => specialUse(parseTemplate(`${text}/${length}/32`).network, 'any')
  for (const [text, length] of [
    ['1.0.0.0', 8],
    ['126.0.0.0', 8],
    ['128.0.0.0', 8],
    ['169.253.0.0', 16],
    ['169.255.0.0', 16],
    ['223.0.0.0', 8],
    ['192.168.0.0', 16],
    ['100.64.0.0', 10],
    ['198.18.0.0', 15],
  ] as const)
    t.is(use(text, length), undefined, text)
  t.is(use('126.0.0.0', 7), 'loopback (127.0.0.0/8)')
  t.is(specialUse(parseTemplate('126.0.0.0/7/8').network, 'whole'), undefined)
})

test('accepts valid prefixes, and refuses others', t => {
  for (const prefix of [
    '1000::1',
    'fd00:',
    '2001:db8:',
    'fec0:',
    '64:ff9b:',
    '1:2:3:4:5:6',
    '::1',
    '::ffff:0',
    'FD00::a',
  ])
    t.is(prefixProblem(prefix), undefined, prefix)
  for (const prefix of [
    'fd00',
    'fd00::',
    '1:2:3:4:5:6:7',
    'x:',
    'fd00: ',
    '',
    'febf::1',
    'ff0e:',
    '::',
    '0:0:0:0:0:ffff',
  ])
    t.truthy(prefixProblem(prefix), prefix)
})
