import { execFileSync } from 'node:child_process'
import test from 'ava'
import fc from 'fast-check'
import type { NodeFacts, PodFacts } from '../../scripts/proof/facts.ts'
import { describeFindings, filterFamilies, matrixFindings } from '../../scripts/proof/findings.ts'
import { assemble, type Matrix } from '../../scripts/proof/matrix.ts'
import { podAddresses } from '../../scripts/proof/network.ts'
import type { Reach } from '../../scripts/proof/reach.ts'
import { largePacketsFor, pairsFor, type Round, roundsOf, targetsFor } from '../../scripts/proof/rounds.ts'
import { describePair, describeSummary, summarize, toJson } from '../../scripts/proof/summary.ts'
import { matrixSvg } from '../../scripts/proof/svg.ts'
import { tool } from '../needs.ts'

const pod = (name: string, ...addresses: string[]): PodFacts => ({
  name,
  interfaces: [
    {
      ifname: 'eth0',
      ifindex: 2,
      flags: [],
      addr_info: [
        { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' },
        ...addresses.map(local => ({
          family: local.includes(':') ? ('inet6' as const) : ('inet' as const),
          local,
          prefixlen: 24,
          scope: 'global',
        })),
      ],
    },
  ],
  routes: [],
})
const node = (name: string, ...pods: PodFacts[]): NodeFacts => ({
  node: name,
  interfaces: [],
  routes: [],
  pods,
})

/** Nodes with dual-stack PODs. */
const network = (nodes: number, pods: number): readonly NodeFacts[] =>
  Array.from({ length: nodes }, (_, n) =>
    node(
      `vm-00${n + 1}`,
      ...Array.from({ length: pods }, (__, p) => pod(`vm-00${n + 1}-ns0${p + 1}`, `10.0.${n}.${p}`, `fd00::${n}:${p}`)),
    ),
  )

/** The nodes' output, by which pairs answer. */
function outputs(
  facts: readonly NodeFacts[],
  answers: (from: string, to: string, address: string) => boolean,
): readonly string[] {
  const targets = targetsFor(podAddresses(facts))
    .split('\n')
    .filter(Boolean)
    .map(line => line.split(' '))
  return facts.map(({ pods }) => {
    const lines = pods.flatMap(({ name }) =>
      targets.flatMap(([to = '', ...addresses]) =>
        to === name
          ? []
          : addresses.map(address =>
              answers(name, to, address) ? `${name} ${address} 1 1 0.1 0.2 0.4\n` : `${name} ${address} 3 0 - - -\n`,
            ),
      ),
    )
    // A shared address is pinged once.
    return [...new Set(lines)].join('')
  })
}

const matrixOf = (
  facts: readonly NodeFacts[],
  reach: Reach,
  answers = (_from: string, _to: string, _address: string) => true,
): Matrix => assemble(facts, reach, measuredIn(facts, reach, outputs(facts, answers)))

/** The same output for all rounds. */
const measuredIn = (facts: readonly NodeFacts[], reach: Reach, all: readonly string[]) => [
  { rounds: roundsOf(reach, facts), outputs: all.map((text, index) => ({ node: facts[index]?.node ?? '', text })) },
]

test('pings the global addresses of PODs', t => {
  t.is(targetsFor(podAddresses(network(1, 2))), 'vm-001-ns01 10.0.0.0 fd00::0:0\nvm-001-ns02 10.0.0.1 fd00::0:1\n')
})

test('counts each direction and address as a pair', t => {
  const summary = summarize(matrixOf(network(4, 4), 'all'))
  t.is(summary.expected, 16 * 15 * 2)
  t.is(summary.reached, summary.expected)
  t.deepEqual(summary.wrong, [])
  t.is(describeSummary(summary), '480 of 480 pairs answer; loss 0 %; round trip min/avg/max 0.10/0.20/0.40 ms')
  const slow = { ...summary, roundTrip: { min: 0.1, mean: 9.94, max: 143.6 } }
  t.regex(describeSummary(slow), /round trip min\/avg\/max 0\.10\/9\.9\/144 ms$/)
})

test('accepts the count of silent addresses only if it is exact', t => {
  const facts = network(2, 2)
  const assembled = (silent: readonly number[], more = '') =>
    assemble(facts, 'node', [
      {
        rounds: roundsOf('node', facts),
        outputs: facts.map(({ node: name, pods }, index) => {
          const own = pods.flatMap(({ interfaces: [eth0] }) => eth0?.addr_info.slice(1) ?? []).map(({ local }) => local)
          const lines = pods.flatMap(({ name }) => [
            ...own.map(address => `${name} ${address} 1 1 0.1 0.1 0.1\n`),
            `${name} ! ${silent[index]}\n`,
          ])
          return { node: name, text: lines.join('') + (index === 0 ? more : '') }
        }),
      },
    ])
  const { wrong, ...counts } = summarize(assembled([4, 4]))
  t.deepEqual(wrong, [])
  t.like(counts, { expected: 8, reached: 8, forbidden: 16, closed: 16 })
  t.throws(() => assembled([4, 3]), { message: 'vm-002: vm-002-ns01 pinged 3 of 4 addresses that must not answer' })
  t.throws(() => assembled([4, 5]), { message: 'vm-002: vm-002-ns01 pinged 5 of 4 addresses that must not answer' })
  const open = 'vm-001-ns01 10.0.1.0 1 1 0.1 0.1 0.1\n'
  t.throws(() => assembled([4, 4], open), {
    message: 'vm-001: vm-001-ns01 pinged 4 of 3 addresses that must not answer',
  })
})

test('names exactly the pairs that do not answer', t => {
  const facts = network(3, 3)
  const pairs = outputs(facts, () => true).flatMap(output => output.split('\n').filter(Boolean))
  fc.assert(
    fc.property(fc.subarray(pairs), broken => {
      const isBroken = new Set(broken.map(line => line.split(' ').slice(0, 2).join(' ')))
      const { wrong } = summarize(matrixOf(facts, 'all', (from, _, address) => !isBroken.has(`${from} ${address}`)))
      const named = wrong.map(({ source, destination, what }) => `${what} ${source.pod} ${destination.address}`)
      t.deepEqual(named.sort(), [...isBroken].map(pair => `missing ${pair}`).sort())
    }),
    { numRuns: 50 },
  )
})

test('reports replies between isolated nodes', t => {
  const facts = network(2, 2)
  const isolated = summarize(matrixOf(facts, 'node', (from, to) => from.slice(0, 6) === to.slice(0, 6)))
  t.deepEqual([isolated.expected, isolated.reached, isolated.forbidden, isolated.closed], [8, 8, 16, 16])
  t.deepEqual(isolated.wrong, [])
  const leaky = summarize(
    matrixOf(facts, 'node', (from, to) => from.slice(0, 6) === to.slice(0, 6) || to === 'vm-002-ns01'),
  )
  t.deepEqual(
    [...new Set(leaky.wrong.map(({ what, destination }) => `${what} ${destination.pod}`))],
    ['open vm-002-ns01'],
  )
  t.regex(describeSummary(leaky), /; 12 of 16 forbidden pairs blocked;/)
})

test('counts a shared address for neither POD where both are in reach', t => {
  const facts = [
    node('vm-001', pod('vm-001-ns01', '10.0.0.1'), pod('vm-001-ns02', '10.0.0.2')),
    node('vm-002', pod('vm-002-ns01', '10.0.0.1'), pod('vm-002-ns02', '10.0.0.9')),
  ]
  const shared = summarize(matrixOf(facts, 'all')).wrong
  t.true(shared.every(({ what, destination }) => what === 'shared' && destination.address === '10.0.0.1'))
  t.is(shared.length, 6)
  t.regex(describePair(shared[0] as (typeof shared)[number]), /is also the address of another POD$/)
})

/** Separate output for each round, as in pinned rounds: the reply of an address depends on the round. */
function measuredByRound(
  facts: readonly NodeFacts[],
  reach: Reach,
  answers: (round: Round, from: string, address: string) => boolean,
  more: (round: Round, node: string) => string = () => '',
) {
  return roundsOf(reach, facts).map(round => ({
    rounds: [round],
    outputs: facts.map(({ node: name }) => {
      const lines = pairsFor(facts, reach, round, name).split('\n').filter(Boolean)
      const text = lines.flatMap(line => {
        const [from = '', ...addresses] = line.split(' ')
        const answering = addresses.filter(address => answers(round, from, address))
        const silent = addresses.length - answering.length
        return [
          ...answering.map(address => `${from} ${address} 1 1 0.1 0.1 0.1\n`),
          ...(round.expected
            ? addresses.filter(one => !answering.includes(one)).map(address => `${from} ${address} 2 0 - - -\n`)
            : [`${from} ! ${silent}\n`]),
        ]
      })
      return { node: name, text: text.join('') + more(round, name) }
    }),
  }))
}

/** Nodes with the same CNI configuration: PODs of all nodes have the same addresses. */
const sharing = (nodes: number, pods: number): readonly NodeFacts[] =>
  Array.from({ length: nodes }, (_, n) =>
    node(
      `vm-00${n + 1}`,
      ...Array.from({ length: pods }, (__, p) => {
        const one = pod(`vm-00${n + 1}-ns0${p + 1}`, `10.9.0.${p + 2}`)
        return { ...one, interfaces: one.interfaces.map(eth0 => ({ ...eth0, address: `02:00:00:00:0${n}:0${p}` })) }
      }),
    ),
  )

test('passes nodes with equal subnets if they are isolated, and names the pair that leaks', t => {
  for (const nodes of [2, 3, 4, 5]) {
    const facts = sharing(nodes, 3)
    const passing = summarize(
      assemble(
        facts,
        'node',
        measuredByRound(facts, 'node', ({ expected }) => expected),
      ),
    )
    t.deepEqual(passing.wrong, [], `${nodes} nodes`)
    // In each other node, two of three PODs have another address than the source.
    t.like(passing, { expected: nodes * 6, reached: nodes * 6, forbidden: nodes * 3 * (nodes - 1) * 2 })
    t.is(passing.closed, passing.forbidden)
    const isLeak = ({ expected, includes }: Round, from: string, address: string) =>
      expected ||
      (from === 'vm-001-ns01' &&
        address === '10.9.0.3' &&
        podAddresses(facts).some(
          to => to.pod === 'vm-002-ns02' && includes({ pod: 'vm-001-ns01', node: 'vm-001' }, to),
        ))
    const leaky = summarize(assemble(facts, 'node', measuredByRound(facts, 'node', isLeak)))
    t.deepEqual(leaky.wrong.map(describePair), ['vm-001-ns01 → vm-002-ns02 10.9.0.3 answers, but must not'])
  }
})

test('reports an address and MAC that two nodes share', t => {
  const facts = sharing(2, 2).map(one => ({
    ...one,
    pods: one.pods.map(each => ({
      ...each,
      interfaces: each.interfaces.map(eth0 => ({ ...eth0, address: `0a:58:0a:09:00:${each.name.slice(-2)}` })),
    })),
  }))
  const matrix = assemble(
    facts,
    'node',
    measuredByRound(facts, 'node', ({ expected }) => expected),
  )
  t.true(summarize(matrix).wrong.some(({ what }) => what === 'shared'))
  t.true(
    describeFindings(matrixFindings(matrix)).some(
      ({ text }) => text === 'address 10.9.0.3 is used by vm-001-ns02 and vm-002-ns02',
    ),
  )
})

test('does not count silence as proof for a POD without replies from itself or its peers', t => {
  const facts = network(2, 2)
  const measuredBut = (unreachable: string, more = '') =>
    assemble(
      facts,
      'node',
      measuredByRound(
        facts,
        'node',
        ({ expected }, from) => expected && from !== unreachable,
        ({ expected }, name) => (!expected && name === 'vm-001' ? more : ''),
      ),
    )
  const passing = summarize(measuredBut('none'))
  t.like(passing, { forbidden: 16, closed: 16, unproved: 0, wrong: [] })
  const unheard = measuredBut('none', 'vm-001-ns01 ? fd00::0:0\n')
  t.like(summarize(unheard), { forbidden: 16, closed: 14, unproved: 2, wrong: [] })
  t.deepEqual(matrixFindings(unheard), [{ kind: 'silence-unproved', node: 'vm-001', pod: 'vm-001-ns01', family: 6 }])
  t.regex(
    describeFindings(matrixFindings(unheard))[0]?.text ?? '',
    /^vm-001: blocked IPv6 pairs are unproved for PODs .*: vm-001-ns01$/,
  )
  const alone = measuredBut('vm-001-ns01')
  t.like(summarize(alone), { closed: 12, unproved: 4, reached: 6 })
  t.is(matrixFindings(alone).length, 2)
})

test('names a pair that answers only small packets', t => {
  const facts = network(2, 2)
  const text = outputs(facts, () => true)
  const lost = text.map((one, index) =>
    index === 0 ? `${one}vm-001-ns01 + 10.0.1.0 0\nvm-001-ns01 + fd00::1:0 1\n` : one,
  )
  const summary = summarize(assemble(facts, 'all', measuredIn(facts, 'all', lost)))
  t.deepEqual(summary.wrong.map(describePair), ['vm-001-ns01 → vm-002-ns01 10.0.1.0 loses full-sized packets (MTU?)'])
  t.is(summary.reached, summary.expected - 1)
})

test('sends packets of MTU size from each POD to one expected POD in each node, by each family', t => {
  const facts = network(2, 2).map(one => ({
    ...one,
    pods: one.pods.map(each => ({ ...each, interfaces: each.interfaces.map(eth0 => ({ ...eth0, mtu: 1400 })) })),
  }))
  t.is(
    largePacketsFor(facts, 'all', roundsOf('all', facts), 'vm-001'),
    '+vm-001-ns01 1352 10.0.0.1 10.0.1.1 fd00::0:1 fd00::1:1\n+vm-001-ns02 1352 10.0.0.0 10.0.1.0 fd00::0:0 fd00::1:0\n',
  )
  t.is(
    largePacketsFor(facts, 'node', roundsOf('node', facts), 'vm-002'),
    '+vm-002-ns01 1352 10.0.1.1 fd00::1:1\n+vm-002-ns02 1352 10.0.1.0 fd00::1:0\n',
  )
  t.regex(
    largePacketsFor(filterFamilies(facts, [4]), 'all', roundsOf('all', facts), 'vm-001'),
    /^\+vm-001-ns01 1372 10\.0\.0\.1 10\.0\.1\.1$/m,
  )
})

test('rejects missing pairs and invalid output', t => {
  const facts = network(2, 2)
  const [first = '', second = ''] = outputs(facts, () => true)
  t.throws(() => assemble(facts, 'all', measuredIn(facts, 'all', [first])), {
    message: /vm-002-ns01 did not ping 10\.0\.0\.0/,
  })
  t.throws(() => assemble(facts, 'all', measuredIn(facts, 'all', [first, `${second}oops\n`])), {
    code: 'BAD_MATRIX',
    message: /^vm-002: invalid matrix output 'oops': not a POD of this node$/,
  })
})

test('writes the matrix as JSON', t => {
  const matrix = matrixOf(network(2, 1), 'all', from => from !== 'vm-001-ns01')
  const json = JSON.parse(toJson('L3', matrix))
  t.like(json, { version: 1, test: 'L3', reach: 'all', summary: { expected: 4, reached: 2 } })
  t.deepEqual(json.rows, [
    [null, null, [3, 0], [3, 0]],
    [[1, 1, 0.1, 0.2, 0.4], [1, 1, 0.1, 0.2, 0.4], null, null],
  ])
  t.is(json.wrong.length, 2)
})

for (const [nodes, pods] of [
  [1, 1],
  [4, 4],
  [8, 9],
] as const) {
  test(`draws ${nodes} × ${pods} PODs as well-formed XML`, t => {
    const svg = matrixSvg(
      '<L3> & "more"',
      matrixOf(network(nodes, pods), 'all', from => !from.endsWith('ns03')),
    )
    execFileSync(tool('xmllint'), ['--noout', '-'], { input: svg })
    t.regex(svg, /IPv4[\s\S]*IPv6/)
  })
}

test('draws 400 PODs in less than 4 MB, with missing pairs', t => {
  const facts = Array.from({ length: 8 }, (_, n) =>
    node(`vm-00${n + 1}`, ...Array.from({ length: 50 }, (__, p) => pod(`vm-00${n + 1}-ns${p + 10}`, `10.0.${n}.${p}`))),
  )
  const svg = matrixSvg(
    'L3',
    matrixOf(facts, 'all', from => from !== 'vm-004-ns20'),
  )
  execFileSync(tool('xmllint'), ['--noout', '-'], { input: svg })
  t.true(svg.length < 4e6, `${svg.length} bytes`)
  t.regex(svg, /<path fill="#d55e00"/)
})

test('draws pairs that lose full-sized packets and shared addresses in colors of their own', t => {
  const matrix = matrixOf(network(2, 1), 'all', () => true)
  const [source, destination] = [matrix.sources[0], matrix.destinations[2]]
  if (!source || !destination) return t.fail()
  const drawn = (which: typeof matrix) => matrixSvg('L3', which)
  const panels = (svg: string) => svg.slice(0, svg.lastIndexOf('<g>'))
  t.notRegex(panels(drawn(matrix)), /#009e73|#f0e442/)
  const cut = { ...matrix, cut: [{ source, destination }] }
  const svg = drawn(cut)
  t.regex(
    panels(svg),
    /fill="#009e73"><title>vm-001-ns01 → vm-002-ns01 10\.0\.1\.0: 1 of 1 answered, .* ms; loses full-sized packets</,
  )
  t.is(panels(svg).match(/#009e73/g)?.length, 1)
  t.regex(svg, /#009e73"[^>]*\/><text[^>]*>loses full-sized packets</)
  t.regex(svg, />3 of 4 pairs answer; 1 loses full-sized packets; /)
  const twice = [node('vm-001', pod('vm-001-ns01', '10.0.0.1')), node('vm-002', pod('vm-002-ns01', '10.0.0.1'))]
  t.regex(
    panels(drawn(matrixOf([...twice, node('vm-003', pod('vm-003-ns01', '10.0.0.3'))], 'all', () => true))),
    /#f0e442/,
  )
})
