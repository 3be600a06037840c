import test from 'ava'
import fc from 'fast-check'
import type { NodeFacts, PodFacts } from '../../scripts/proof/facts.ts'
import { assemble } from '../../scripts/proof/matrix.ts'
import { podAddresses } from '../../scripts/proof/network.ts'
import type { Reach } from '../../scripts/proof/reach.ts'
import { inputFor, neighborsFor, pairsFor, type Round, roundsOf } from '../../scripts/proof/rounds.ts'
import { summarize } from '../../scripts/proof/summary.ts'

const pod = (name: string, mac: string, address: string): PodFacts => ({
  name,
  interfaces: [
    {
      ifname: 'eth0',
      ifindex: 2,
      flags: [],
      address: mac,
      addr_info: [{ family: 'inet', local: address, prefixlen: 24, scope: 'global' }],
    },
  ],
  routes: [],
})
const node = (name: string, ...pods: PodFacts[]): NodeFacts => ({ node: name, interfaces: [], routes: [], pods })

const REACH: Reach = {
  sides: [
    ['br2-*', 'out2'],
    ['br3-*', 'out3'],
  ],
}
const NETWORK = [
  node('vm-001', pod('br2-1', ':21', '10.0.0.1'), pod('br2-2', ':22', '10.0.0.2'), pod('br3-1', ':31', '10.0.0.1')),
  node('vm-202', pod('out2', ':2f', '10.0.0.9'), pod('out3', ':3f', '10.0.0.9')),
]

/** The nodes' output, by which pairs answer. */
function measured(answers: (round: 'own' | 'across', from: string, address: string) => boolean) {
  return roundsOf(REACH, NETWORK).map(round => ({
    rounds: [round],
    outputs: NETWORK.map(facts => ({
      node: facts.node,
      text: pairsFor(NETWORK, REACH, round, facts.node)
        .split('\n')
        .filter(Boolean)
        .flatMap(line => {
          const [from = '', ...addresses] = line.split(' ')
          return addresses.map(address =>
            answers(round.expected ? 'own' : 'across', from, address)
              ? `${from} ${address} 1 1 0.1 0.1 0.1\n`
              : `${from} ${address} 1 0 - - -\n`,
          )
        })
        .join(''),
    })),
  }))
}

const pinnedRounds = () => roundsOf(REACH, NETWORK).filter(({ pinned }) => pinned)

test('pings the own side first, then the other sides without addresses of the source', t => {
  const [own, across, ...none] = pinnedRounds()
  t.deepEqual(none, [])
  if (!(own && across)) return t.fail()
  t.is(pairsFor(NETWORK, REACH, own, 'vm-001'), 'br2-1 10.0.0.2 10.0.0.9\nbr2-2 10.0.0.1 10.0.0.9\nbr3-1 10.0.0.9\n')
  t.is(pairsFor(NETWORK, REACH, across, 'vm-001'), 'br2-1 10.0.0.9\nbr2-2 10.0.0.1 10.0.0.9\nbr3-1 10.0.0.2 10.0.0.9\n')
})

test('ties each address to one POD in each round, on both ends', t => {
  const [own, across] = pinnedRounds()
  if (!(own && across)) return t.fail()
  t.is(
    neighborsFor(NETWORK, REACH, own, 'vm-202'),
    'out2 eth0 10.0.0.1 :21\nout2 eth0 10.0.0.2 :22\nout3 eth0 10.0.0.1 :31\n',
  )
  t.is(
    neighborsFor(NETWORK, REACH, across, 'vm-202'),
    'out2 eth0 10.0.0.1 :31\nout3 eth0 10.0.0.1 :21\nout3 eth0 10.0.0.2 :22\n',
  )
})

test('tells equal addresses on two sides apart: only replies across sides are wrong', t => {
  const passing = summarize(
    assemble(
      NETWORK,
      REACH,
      measured(round => round === 'own'),
    ),
  )
  t.deepEqual(
    [passing.expected, passing.reached, passing.forbidden, passing.closed, passing.wrong.length],
    [8, 8, 8, 8, 0],
  )
  const leaky = summarize(
    assemble(
      NETWORK,
      REACH,
      measured((round, from) => round === 'own' || from === 'out2'),
    ),
  )
  t.deepEqual(
    leaky.wrong.map(({ source, destination, what }) => `${what} ${source.pod} ${destination.pod}`),
    ['open out2 br3-1'],
  )
  const cut = summarize(
    assemble(
      NETWORK,
      REACH,
      measured((round, from, address) => round === 'own' && !(from === 'br3-1' && address === '10.0.0.9')),
    ),
  )
  t.deepEqual(
    cut.wrong.map(({ source, destination, what }) => `${what} ${source.pod} ${destination.pod}`),
    ['missing br3-1 out3'],
  )
})

test('refuses a POD on no side', t => {
  const withUnknown = [...NETWORK, node('vm-003', pod('vm-003-ns01', ':01', '10.0.0.7'))]
  t.throws(() => roundsOf(REACH, withUnknown), { message: /does not say which PODs vm-003-ns01 on vm-003 reaches/ })
})

test('pins no round and treats all PODs of a node alike where addresses are unique', t => {
  const facts = [node('vm-001', pod('a', ':1', '10.0.0.1')), node('vm-002', pod('b', ':2', '10.0.0.2'))]
  const rounds = roundsOf('node', facts)
  t.deepEqual(
    rounds.map(({ expected, pinned, perPod }) => [expected, pinned, perPod]),
    [
      [true, false, false],
      [false, false, false],
    ],
  )
  t.is(inputFor(facts, 'node', rounds[1] as Round, 'vm-001'), '!b 10.0.0.2\n=a 10.0.0.1\n')
})

test('puts each pair into exactly one round, and never ties an address to two MACs in a round', t => {
  const address = fc.integer({ min: 1, max: 6 }).map(number => `10.0.0.${number}`)
  const nodes = fc.array(fc.uniqueArray(address, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 7 })
  fc.assert(
    fc.property(nodes, all => {
      const facts = all.map((addresses, n) =>
        node(`vm-${n}`, ...addresses.map((one, p) => pod(`vm-${n}-${p}`, `:${n}${p}`, one))),
      )
      const rounds = roundsOf('node', facts)
      for (const source of podAddresses(facts)) {
        for (const to of podAddresses(facts)) {
          if (source.pod === to.pod) continue
          const wanting = rounds.filter(round => round.includes(source, to))
          t.is(wanting.length, 1)
          t.is(wanting[0]?.expected, source.node === to.node)
        }
      }
      for (const round of rounds.filter(({ pinned }) => pinned)) {
        for (const { node: name } of facts) {
          const lines = neighborsFor(facts, 'node', round, name).split('\n').filter(Boolean)
          const keys = lines.map(line => line.split(' ').slice(0, 3).join(' '))
          t.is(new Set(keys).size, new Set(lines).size)
        }
      }
    }),
    { numRuns: 60 },
  )
})
