import test from 'ava'
import fc from 'fast-check'
import { describeCauses } from '../../scripts/diagnosis/cause.ts'
import { diagnoseMatrix, diagnoseStep } from '../../scripts/diagnosis/diagnose.ts'
import type { NodeFacts } from '../../scripts/proof/facts.ts'
import type { Reach } from '../../scripts/proof/reach.ts'
import { change, loseAddresses, matrixOf, recorded, remove, space, takeDown } from './network.ts'

type End = { pod: string; node: string }
type Lost = (from: End, to: End & { address: string }) => boolean

const podIs =
  (pod: string): Lost =>
  (from, to) =>
    from.pod === pod || to.pod === pod
const cut =
  (node: string): Lost =>
  (from, to) =>
    from.node !== to.node && (from.node === node || to.node === node)
const family =
  (version: 4 | 6, lost: Lost): Lost =>
  (from, to) =>
    to.address.includes(':') === (version === 6) && lost(from, to)

const causesIn = (network: readonly NodeFacts[], reach: Reach, lost: Lost) =>
  diagnoseMatrix(network, matrixOf(network, reach, lost)).causes.map(({ subject, what }) => `${subject}: ${what}`)

const REACHES: Readonly<Record<string, Reach>> = { bridge: 'node' }
const TESTS = ['bridge', 'L2', 'L3', 'L3_overlay', 'L3_vxlan', 'ipvlan'] as const
const reachOf = (name: string) => REACHES[name] ?? 'all'

for (const name of TESTS) {
  test(`${name}: names an interface of a POD that is down as the only cause`, t => {
    const network = recorded(name)
    takeDown(network, 'vm-002-ns02', 'eth0')
    t.deepEqual(causesIn(network, reachOf(name), podIs('vm-002-ns02')), ['vm-002-ns02: eth0 is down'])
  })

  test(`${name}: finds no cause in an intact network, whichever pairs are lost`, t => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.boolean()), losses => {
        t.deepEqual(
          causesIn(recorded(name), reachOf(name), () => losses.next().value),
          [],
        )
      }),
      { numRuns: 10 },
    )
  })

  test(`${name}: does not blame an interface that is down for pairs lost elsewhere, nor if its own pairs answer`, t => {
    const network = recorded(name)
    takeDown(network, 'vm-002-ns02', 'eth0')
    const elsewhere = podIs('vm-001-ns01')
    t.deepEqual(
      causesIn(network, reachOf(name), (from, to) => !podIs('vm-002-ns02')(from, to) && elsewhere(from, to)),
      [],
    )
  })
}

for (const name of ['L2', 'L3', 'L3_overlay', 'L3_vxlan', 'ipvlan'] as const) {
  test(`${name}: names an interface of a node that is down as the cause of all pairs lost between it and others`, t => {
    const network = recorded(name)
    takeDown(network, 'vm-003', 'eth1')
    t.deepEqual(causesIn(network, 'all', cut('vm-003')), ['vm-003: eth1 is down'])
  })
}

test('names a veth end in the node, and a bridge, that is down', t => {
  const veth = recorded('bridge')
  takeDown(veth, 'vm-001', 'vm-001-ns01')
  t.deepEqual(causesIn(veth, 'node', podIs('vm-001-ns01')), ['vm-001: vm-001-ns01 is down'])
  const bridge = recorded('L3')
  takeDown(bridge, 'vm-001', 'cbr0')
  const lost: Lost = (from, to) => from.node === 'vm-001' || to.node === 'vm-001'
  t.deepEqual(causesIn(bridge, 'all', lost), ['vm-001: cbr0 is down'])
})

test('does not blame an unused interface', t => {
  const network = recorded('L3')
  takeDown(network, 'vm-003', 'eth0')
  t.deepEqual(causesIn(network, 'all', cut('vm-003')), [])
  const bridge = recorded('bridge')
  takeDown(bridge, 'vm-003', 'eth1')
  t.deepEqual(causesIn(bridge, 'node', podIs('vm-003-ns01')), [])
})

test('names a device that is missing from the bridge of similar devices', t => {
  const pod = recorded('bridge')
  change(pod, 'vm-001', 'vm-001-ns01', { master: undefined as never })
  t.deepEqual(causesIn(pod, 'node', podIs('vm-001-ns01')), ['vm-001: vm-001-ns01 is not a port of cbr0'])
})

test('names a missing address of a POD, a node, and a bridge that is the gateway', t => {
  const pod = recorded('L3')
  loseAddresses(pod, 'vm-002-ns01', 'eth0', 'inet6')
  t.deepEqual(causesIn(pod, 'all', family(6, podIs('vm-002-ns01'))), ['vm-002-ns01: eth0 has no IPv6 address'])
  const node = recorded('L3')
  loseAddresses(node, 'vm-003', 'eth1', 'inet')
  t.deepEqual(causesIn(node, 'all', family(4, cut('vm-003'))), ['vm-003: eth1 has no IPv4 address'])
  const bridge = recorded('L3')
  loseAddresses(bridge, 'vm-003', 'cbr0', 'inet')
  t.deepEqual(causesIn(bridge, 'all', family(4, cut('vm-003'))), ['vm-003: cbr0 has no IPv4 address'])
})

test('names a missing route in a POD and in a node, and a blackhole route', t => {
  const pod = recorded('L3')
  remove(space(pod, 'vm-001-ns01').routes, ({ dst, gateway }) => dst === 'default' && gateway?.includes('.') === true)
  const lost: Lost = family(4, (from, to) => from.node !== to.node && podIs('vm-001-ns01')(from, to))
  t.deepEqual(causesIn(pod, 'all', lost).sort(), [
    'vm-001-ns01: no IPv4 route to the PODs of vm-002',
    'vm-001-ns01: no IPv4 route to the PODs of vm-003',
  ])
  const node = recorded('L3')
  remove(space(node, 'vm-001').routes, ({ dst }) => dst === '172.16.3.0/24')
  const between: Lost = family(4, (from, to) => [from.node, to.node].sort().join() === 'vm-001,vm-003')
  t.deepEqual(causesIn(node, 'all', between), ['vm-001: no IPv4 route to the PODs of vm-003'])
  space(node, 'vm-001').routes.push({ type: 'blackhole', dst: '172.16.3.0/24' })
  t.deepEqual(causesIn(node, 'all', between), ['vm-001: blackhole route to 172.16.3.0/24'])
})

test('names several causes at once', t => {
  fc.assert(
    fc.property(
      fc.subarray(['vm-001-ns01', 'vm-001-ns02', 'vm-002-ns01', 'vm-002-ns02', 'vm-003-ns01'], { minLength: 1 }),
      fc.subarray(['vm-003'], { minLength: 0 }),
      (pods, nodes) => {
        const network = recorded('L3')
        for (const pod of pods) takeDown(network, pod, 'eth0')
        for (const node of nodes) takeDown(network, node, 'eth1')
        const lost: Lost = (from, to) =>
          pods.some(pod => podIs(pod)(from, to)) || nodes.some(node => cut(node)(from, to))
        const expected = [...pods.map(pod => `${pod}: eth0 is down`), ...nodes.map(node => `${node}: eth1 is down`)]
        // A node's cause is not found if all PODs behind it have their own.
        const named = causesIn(network, 'all', lost)
        t.deepEqual(
          named.filter(cause => !expected.includes(cause)),
          [],
        )
        for (const pod of pods) t.true(named.includes(`${pod}: eth0 is down`))
        if (nodes.length > 0 && !pods.includes('vm-003-ns01')) t.true(named.includes('vm-003: eth1 is down'))
      },
    ),
    { numRuns: 40 },
  )
})

test('names a VLAN that is down on one of two sides with the same addresses', t => {
  const network = recorded('dual_bridges_vlan')
  const reach: Reach = {
    sides: [
      ['br2-*', 'vm-202-eth3.100'],
      ['br3-*', 'vm-202-eth3.200'],
    ],
  }
  const pod = 'br2-vm-001-ns01'
  takeDown(network, pod, 'eth0')
  t.deepEqual(causesIn(network, reach, podIs(pod)), [`${pod}: eth0 is down`])
  const outside = recorded('dual_bridges_vlan')
  takeDown(outside, 'vm-001', 'eth2.200')
  const apart: Lost = (from, to) => from.node !== to.node && /br3/.test(`${from.pod} ${to.pod}`)
  t.deepEqual(causesIn(outside, reach, apart), ['vm-001: eth2.200 is down'])
})

const failure = (node: string, why: string, ...lastLines: string[]) => ({
  ...{ test: 'bridge', step: 'bridge_ping', index: 3 },
  ...{ node, why, lastLines },
})

test('names the cause of unanswered pings of a step', t => {
  const network = recorded('bridge')
  takeDown(network, 'vm-002-ns01', 'eth0')
  const { causes } = diagnoseStep(network, [
    failure('vm-002', 'no answer to ping: vm-002-ns01, address 172.16.2.1', 'vm-002-ns02 172.16.2.2 answers'),
  ])
  t.deepEqual(describeCauses(causes), ['likely cause: vm-002-ns01: eth0 is down'])
  t.deepEqual(diagnoseStep(network, [failure('vm-001', 'create: failed')]).causes, [])
  const other = failure('vm-002', 'no answer to ping: vm-002-ns02, address 172.16.2.2')
  t.deepEqual(diagnoseStep(network, [other]).causes, [])
})

test('blames a NIC that is down for a failed step without pings if it is up on nodes that passed', t => {
  const network = recorded('L3')
  takeDown(network, 'vm-002', 'eth1')
  const failed = (node: string) => diagnoseStep(network, [failure(node, 'Nexthop has invalid gateway')]).causes
  t.deepEqual(describeCauses(failed('vm-002')), ['likely cause: vm-002: eth1 is down'])
  t.deepEqual(failed('vm-001'), [])
  for (const { node } of network) if (node !== 'vm-002') takeDown(network, node, 'eth1')
  t.deepEqual(failed('vm-002'), [], 'no node that passed has it up')
})

test('reports a cause of many PODs or nodes in one line', t => {
  const causes = Array.from({ length: 16 }, (_, index) => ({
    ...{ subject: `vm-001-ns${String(index + 1).padStart(2, '0')}`, node: 'vm-001', what: 'eth0 is down' },
  }))
  t.deepEqual(describeCauses(causes), [
    'likely cause: each of 16 PODs: eth0 is down (vm-001-ns01 vm-001-ns02 vm-001-ns03 … vm-001-ns16)',
  ])
  const silentNodes = ['vm-001', 'vm-002', 'vm-003', 'vm-004'].map(name => ({
    subject: name,
    node: name,
    what: 'does not answer',
  }))
  const line = 'likely cause: each of 4 nodes: does not answer (vm-001 vm-002 vm-003 vm-004)'
  t.deepEqual(describeCauses(silentNodes), [line])
  t.deepEqual(describeCauses(causes.slice(0, 2)), [
    'likely cause: vm-001-ns01: eth0 is down',
    'likely cause: vm-001-ns02: eth0 is down',
  ])
})
