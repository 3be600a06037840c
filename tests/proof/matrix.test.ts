import { execFileSync } from 'node:child_process'
import test from 'ava'
import fc from 'fast-check'
import { assemble, describePair, describeSummary, type Matrix, summarize, toJson } from '../../scripts/proof/matrix.ts'
import { type NodeFacts, type PodFacts, podAddresses } from '../../scripts/proof/network.ts'
import { type Reach, roundsOf, targetsFor } from '../../scripts/proof/reach.ts'
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

/** Nodes with PODs that have an address of each family. */
const network = (nodes: number, pods: number): readonly NodeFacts[] =>
  Array.from({ length: nodes }, (_, n) =>
    node(
      `vm-00${n + 1}`,
      ...Array.from({ length: pods }, (__, p) => pod(`vm-00${n + 1}-ns0${p + 1}`, `10.0.${n}.${p}`, `fd00::${n}:${p}`)),
    ),
  )

/** What nodes print when all is well, except for pairs that a test breaks. */
function outputs(
  facts: readonly NodeFacts[],
  answers: (from: string, to: string, address: string) => boolean,
): readonly string[] {
  const targets = targetsFor(podAddresses(facts))
    .split('\n')
    .filter(Boolean)
    .map(line => line.split(' '))
  return facts.map(({ pods }) =>
    pods
      .flatMap(({ name }) =>
        targets.flatMap(([to = '', ...addresses]) =>
          to === name
            ? []
            : addresses.map(address =>
                answers(name, to, address) ? `${name} ${address} 1 1 0.1 0.2 0.4\n` : `${name} ${address} 3 0 - - -\n`,
              ),
        ),
      )
      .join(''),
  )
}

const matrixOf = (
  facts: readonly NodeFacts[],
  reach: Reach,
  answers = (_from: string, _to: string, _address: string) => true,
): Matrix => assemble(facts, reach, measuredIn(facts, reach, outputs(facts, answers)))

/** All rounds gave the same. */
const measuredIn = (facts: readonly NodeFacts[], reach: Reach, all: readonly string[]) => [
  { rounds: roundsOf(reach, facts), outputs: all },
]

test('what each POD pings are the addresses of PODs that are valid beyond a link', t => {
  t.is(targetsFor(podAddresses(network(1, 2))), 'vm-001-ns01 10.0.0.0 fd00::0:0\nvm-001-ns02 10.0.0.1 fd00::0:1\n')
})

test('all pairs of a cluster are counted, each direction and address for itself', t => {
  const summary = summarize(matrixOf(network(4, 4), 'all'))
  t.is(summary.expected, 16 * 15 * 2)
  t.is(summary.reached, summary.expected)
  t.deepEqual(summary.wrong, [])
  t.is(describeSummary(summary), '480 of 480 pairs answer; loss 0 %; round trip min/avg/max 0.10/0.20/0.40 ms')
  const slow = { ...summary, roundTrip: { min: 0.1, mean: 9.94, max: 143.6 } }
  t.regex(describeSummary(slow), /round trip min\/avg\/max 0\.10\/9\.9\/144 ms$/)
})

test('what must be silent is told by its number, and a number that is too small is not taken for silence', t => {
  const facts = network(2, 2)
  const told = (silent: readonly number[], more = '') =>
    assemble(facts, 'node', [
      {
        rounds: roundsOf('node', facts),
        outputs: facts.map(({ pods }, index) => {
          const own = pods.flatMap(({ interfaces: [eth0] }) => eth0?.addr_info.slice(1) ?? []).map(({ local }) => local)
          const lines = pods.flatMap(({ name }) => [
            ...own.map(address => `${name} ${address} 1 1 0.1 0.1 0.1\n`),
            `${name} ! ${silent[index]}\n`,
          ])
          return lines.join('') + (index === 0 ? more : '')
        }),
      },
    ])
  const { wrong, ...counts } = summarize(told([4, 4]))
  t.deepEqual(wrong, [])
  t.like(counts, { expected: 8, reached: 8, forbidden: 16, closed: 16 })
  t.throws(() => told([4, 3]), { message: 'vm-002-ns01 pinged 3 of 4 addresses that are to be silent' })
  t.throws(() => told([4, 5]), { message: 'vm-002-ns01 pinged 5 of 4 addresses that are to be silent' })
  const open = 'vm-001-ns01 10.0.1.0 1 1 0.1 0.1 0.1\n'
  t.throws(() => told([4, 4], open), { message: 'vm-001-ns01 pinged 4 of 3 addresses that are to be silent' })
})

test('exactly the pairs that do not answer are named, and no others', t => {
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

test('PODs of isolated nodes must not answer each other', t => {
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

test('an address that two PODs have counts for neither, where both are in reach', t => {
  const facts = [
    node('vm-001', pod('vm-001-ns01', '10.0.0.1'), pod('vm-001-ns02', '10.0.0.2')),
    node('vm-002', pod('vm-002-ns01', '10.0.0.1'), pod('vm-002-ns02', '10.0.0.9')),
  ]
  const shared = summarize(matrixOf(facts, 'all')).wrong
  t.true(shared.every(({ what, destination }) => what === 'shared' && destination.address === '10.0.0.1'))
  t.is(shared.length, 6)
  t.regex(describePair(shared[0] as (typeof shared)[number]), /is the address of another POD, too/)
  t.deepEqual(
    summarize(matrixOf(facts, 'node', (from, to) => from.slice(0, 6) === to.slice(0, 6))).wrong.filter(
      ({ what }) => what === 'shared',
    ),
    [],
  )
})

test('a pair that was not measured, and output that is none, are no pass', t => {
  const facts = network(2, 2)
  const [first = '', second = ''] = outputs(facts, () => true)
  t.throws(() => assemble(facts, 'all', measuredIn(facts, 'all', [first])), {
    message: /vm-002-ns01 did not ping 10\.0\.0\.0/,
  })
  t.throws(() => assemble(facts, 'all', measuredIn(facts, 'all', [first, `${second}oops\n`])), {
    message: /'oops' is no result/,
  })
})

test('matrix.json holds the matrix', t => {
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
  test(`the picture of ${nodes} × ${pods} PODs is well-formed XML`, t => {
    const svg = matrixSvg(
      '<L3> & "more"',
      matrixOf(network(nodes, pods), 'all', from => !from.endsWith('ns03')),
    )
    execFileSync(tool('xmllint'), ['--noout', '-'], { input: svg })
    t.regex(svg, /IPv4[\s\S]*IPv6/)
  })
}

test('the picture of 400 PODs stays small, and shows what is missing', t => {
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
