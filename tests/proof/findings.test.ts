import test from 'ava'
import type { NodeFacts, PodFacts } from '../../scripts/proof/facts.ts'
import {
  compareNetwork,
  describeFindings,
  describeNetwork,
  familyFindings,
  filterFamilies,
  matrixFindings,
} from '../../scripts/proof/findings.ts'
import type { Family } from '../../scripts/settings/family.ts'

const pod = (name: string, families: readonly Family[] = [4, 6], flags: readonly string[] = ['UP']): PodFacts => ({
  name,
  interfaces: [
    { ifname: 'lo', ifindex: 1, flags: [], addr_info: [] },
    { ifname: 'ip6tnl0', ifindex: 3, flags: ['NOARP'], addr_info: [] },
    {
      ifname: 'eth0',
      ifindex: 2,
      flags,
      addr_info: families.map(family => ({
        family: family === 4 ? 'inet' : 'inet6',
        local: family === 4 ? '10.0.0.1' : 'fd00::1',
        prefixlen: 24,
        scope: 'global',
      })),
    },
  ],
  routes: [],
})
const node = (name: string, ...pods: PodFacts[]): NodeFacts => ({ node: name, interfaces: [], routes: [], pods })
const names = (name: string) => [1, 2, 3, 4].map(number => `${name}-ns0${number}`)
const expectation = (families: readonly Family[] = [4, 6]) => ({
  pods: new Map(['vm-001', 'vm-002'].map(name => [name, names(name)])),
  families,
})
const complete = (name: string) => node(name, ...names(name).map(one => pod(one)))
const describe = (network: readonly NodeFacts[], expected = expectation()) =>
  describeFindings(compareNetwork(network, expected)).map(({ node: where, text }) => `${where} | ${text}`)

test('reports nothing for a complete network, nor for additional PODs', t => {
  t.deepEqual(describe([complete('vm-001'), complete('vm-002')]), [])
  t.deepEqual(describe([complete('vm-001'), node('vm-002', ...complete('vm-002').pods, pod('extra', []))]), [])
})

test('names missing PODs, also when a node has none or did not answer', t => {
  const two = node('vm-002', pod('vm-002-ns01'), pod('vm-002-ns04'))
  t.deepEqual(describe([complete('vm-001'), two]), ['vm-002 | vm-002: 2 of 4 PODs are gone: vm-002-ns02, vm-002-ns03'])
  const all = 'vm-002 | vm-002: 4 of 4 PODs are gone: vm-002-ns01, vm-002-ns02, vm-002-ns03, vm-002-ns04'
  t.deepEqual(describe([complete('vm-001'), node('vm-002')]), [all])
  t.deepEqual(describe([complete('vm-001')]), [all])
})

test('reports lost addresses by family, but not of a family that the test does not prove', t => {
  const lost = [
    node('vm-001', ...names('vm-001').map(one => pod(one, [4]))),
    node(
      'vm-002',
      pod('vm-002-ns01', []),
      ...names('vm-002')
        .slice(1)
        .map(one => pod(one)),
    ),
  ]
  t.deepEqual(describe(lost), [
    'vm-001 | vm-001: 4 of 4 PODs lost their IPv6 address: vm-001-ns01, vm-001-ns02, vm-001-ns03, vm-001-ns04',
    'vm-002 | vm-002: 1 of 4 PODs lost their IPv4 address: vm-002-ns01',
    'vm-002 | vm-002: 1 of 4 PODs lost their IPv6 address: vm-002-ns01',
  ])
  t.deepEqual(describe(filterFamilies(lost, [4]), expectation([4])), [
    'vm-002 | vm-002: 1 of 4 PODs lost their IPv4 address: vm-002-ns01',
  ])
})

test('reports an interface that is down without the addresses that it lost', t => {
  const down = node('vm-002', ...names('vm-002').map(one => pod(one, [4], one.endsWith('3') ? [] : ['UP'])))
  const network = [complete('vm-001'), filterFamilies([complete('vm-002')], [4, 6])[0] as NodeFacts]
  t.deepEqual(describe(network), [])
  t.deepEqual(describe([complete('vm-001'), down], expectation([4])), ['vm-002 | vm-002-ns03: eth0 is down'])
  t.like(compareNetwork([complete('vm-001'), down], expectation([4]))[0], {
    kind: 'interface-down',
    node: 'vm-002',
    pod: 'vm-002-ns03',
    interface: 'eth0',
  })
})

test('counts the names beyond the first eight', t => {
  const many = Array.from({ length: 20 }, (_, index) => `vm-001-ns${index + 10}`)
  const [line] = describeFindings(compareNetwork([], { pods: new Map([['vm-001', many]]), families: [] }))
  t.regex(line?.text ?? '', /^vm-001: 20 of 20 PODs are gone: vm-001-ns10, .*vm-001-ns17, … \(12 more\)$/)
})

test('describes a network that was set up elsewhere, and the PODs that differ', t => {
  t.deepEqual(describeNetwork([complete('vm-001'), complete('vm-002')]), [
    '8 PODs in 2 nodes, all with IPv4 and IPv6 addresses',
  ])
  t.deepEqual(describeNetwork([complete('vm-001'), node('vm-002', pod('vm-002-ns01', [4]), pod('vm-002-ns02', []))]), [
    '6 PODs in 2 nodes, not all with IPv4 and IPv6 addresses',
    'vm-002-ns02 has no IPv4 address, unlike 5 others',
    'vm-002-ns01, vm-002-ns02 have no IPv6 address, unlike 4 others',
  ])
  t.deepEqual(describeNetwork([node('vm-001', pod('x', [4])), node('vm-002')]), [
    '1 POD in 1 node, with IPv4 addresses',
  ])
  const oneWithout = [node('vm-001', pod('x', [4])), node('vm-002', pod('y', []))]
  t.is(describeNetwork(oneWithout)[1], 'y has no IPv4 address, unlike 1 other')
  const without = [node('vm-001', pod('x', []), pod('y', []))]
  t.deepEqual(describeNetwork(without), ['2 PODs in 1 node, all without addresses'])
  t.deepEqual(describeNetwork([node('vm-001', pod('x', []))]), ['1 POD in 1 node, without addresses'])
})

test('reports PODs without an address of a family that others have', t => {
  const mixed = [complete('vm-001'), node('vm-002', pod('vm-002-ns01', [4]), pod('vm-002-ns02', []))]
  t.deepEqual(
    describeFindings(familyFindings(mixed)).map(({ text }) => text),
    [
      'vm-002: 1 of 2 PODs has no IPv4 address, but others have: vm-002-ns02',
      'vm-002: 2 of 2 PODs have no IPv6 address, but others have: vm-002-ns01, vm-002-ns02',
    ],
  )
  t.deepEqual(familyFindings([node('vm-001', pod('x', [4]), pod('y', [4]))]), [])
  t.deepEqual(familyFindings(filterFamilies(mixed.slice(0, 1), [4])), [])
})

test('reports a network without PODs', t => {
  t.deepEqual(describeNetwork([node('vm-001'), node('vm-002')]), ['no PODs in 2 nodes'])
})

test('reports a matrix without pairs as no proof', t => {
  const matrix = { reach: 'all', sources: [{ pod: 'a', node: 'vm-001' }], destinations: [], rows: [[]] } as const
  t.deepEqual(
    describeFindings(matrixFindings(matrix)).map(({ text }) => text),
    ['nothing was proved: 1 POD, no pairs to ping'],
  )
})
