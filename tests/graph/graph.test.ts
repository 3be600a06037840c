import { execFileSync } from 'node:child_process'
import test from 'ava'
import fc from 'fast-check'
import { toDot } from '../../scripts/graph/dot.ts'
import { buildGraph } from '../../scripts/graph/graph.ts'
import { graphSvg } from '../../scripts/graph/svg.ts'
import type { Interface, NodeFacts } from '../../scripts/proof/facts.ts'
import { tool } from '../needs.ts'

const device = (ifname: string, ifindex: number, more: Partial<Interface> = {}): Interface => ({
  ifname,
  ifindex,
  flags: ['UP'],
  operstate: 'UP',
  addr_info: [],
  ...more,
})
const address = (local: string, scope = 'global') => ({ family: 'inet' as const, local, prefixlen: 24, scope })
const kind = (info_kind: string, info_data = {}) => ({ linkinfo: { info_kind, info_data } })

/** A bridge with a POD and a VLAN as ports, a POD directly on a NIC, loopback and a fallback device. */
const node = (number: number): NodeFacts => ({
  node: `vm-00${number}`,
  interfaces: [
    device('lo', 1, { addr_info: [address('127.0.0.1', 'host')] }),
    device('eth0', 2, { address: `00:00:00:01:00:0${number}` }),
    device('eth1', 3, { address: `00:00:00:01:01:0${number}`, addr_info: [address(`192.168.1.${number}`)] }),
    device('ip6tnl0', 4, kind('ip6tnl')),
    device('eth1.100', 5, { ...kind('vlan', { id: 100 }), link: 'eth1', master: 'br2' }),
    device('br2', 6, { ...kind('bridge'), addr_info: [address('10.0.0.0'), address('169.254.0.1', 'link')] }),
    device(`vm-00${number}-ns01`, 7, { ...kind('veth'), link_index: 2, master: 'br2' }),
  ],
  routes: [],
  pods: [
    {
      name: `vm-00${number}-ns01`,
      interfaces: [
        device('lo', 1),
        device('eth0', 2, { ...kind('veth'), link_index: 7, addr_info: [address('10.0.0.1')] }),
      ],
      routes: [],
    },
    {
      name: `vm-00${number}-ns02`,
      interfaces: [device('eth0', 2, { ...kind('ipvlan', { mode: 'l2' }), link_index: 3, operstate: 'DOWN' })],
      routes: [],
    },
  ],
})

test('takes a device with a carrier for up before the kernel does', t => {
  const states = [
    device('late', 1, { flags: ['UP', 'LOWER_UP'], operstate: 'DOWN' }),
    device('loose', 2, { operstate: 'LOWERLAYERDOWN' }),
    device('off', 3, { flags: ['LOWER_UP'] }),
  ]
  const { nodes } = buildGraph([{ node: 'vm-001', interfaces: states, routes: [], pods: [] }])
  t.deepEqual(
    nodes.flatMap(({ interfaces }) => interfaces.map(({ name, up }) => `${name} ${up}`)),
    ['late true', 'loose false', 'off false'],
  )
})

test('finds ports, veth pairs, lower devices, and nets between nodes', t => {
  const { nodes, links } = buildGraph([node(1), node(2)])
  t.deepEqual(
    links.filter(({ from }) => from.startsWith('vm-001')).map(({ kind: how, from, to }) => `${how} ${from} ${to}`),
    [
      'net vm-001/eth1 net 1',
      'port vm-001/eth1.100 vm-001/br2',
      'below vm-001/eth1.100 vm-001/eth1',
      'port vm-001/vm-001-ns01 vm-001/br2',
      'veth vm-001-ns01/eth0 vm-001/vm-001-ns01',
      'below vm-001-ns02/eth0 vm-001/eth1',
    ],
  )
  t.deepEqual(
    nodes[0]?.interfaces.map(({ name, detail, addresses }) => [name, detail, addresses.join()]),
    [
      ['eth0', undefined, ''],
      ['eth1', undefined, '192.168.1.1/24'],
      ['eth1.100', '100', ''],
      ['br2', undefined, '10.0.0.0/24'],
      ['vm-001-ns01', undefined, ''],
    ],
  )
})

test('draws the net of an interface that was moved to a POD', t => {
  const [first, second] = [node(1), node(2)]
  const moved = device('eth2', 4, { address: '00:00:00:01:02:02', addr_info: [address('10.0.0.9')] })
  const outside = { ...second, pods: [{ name: 'vm-002-eth2', interfaces: [device('lo', 1), moved], routes: [] }] }
  const own = device('eth2', 9, { address: '00:00:00:01:02:01', master: 'br2' })
  const graph = buildGraph([{ ...first, interfaces: [...first.interfaces, own] }, outside])
  t.deepEqual(
    graph.links.filter(({ to }) => to === 'net 2').map(({ kind: how, from }) => [how, from]),
    [
      ['net', 'vm-001/eth2'],
      ['net', 'vm-002-eth2/eth2'],
    ],
  )
  const svg = graphSvg(graph)
  t.regex(svg, />net 2</)
  // Beside the POD, and below all boxes: the line does not look like that of an interface below the POD.
  const [, right = '', down = ''] = /<path d="M[\d.]+ [\d.]+H([\d.]+)V([\d.]+)" fill="none" class="net"/.exec(svg) ?? []
  const pod = places(svg, BOXES).find(({ right: edge }) => edge === Number(right) - 7)
  t.truthy(pod, svg)
  t.true(places(svg, BOXES).every(({ bottom }) => bottom < Number(down)))
})

test("draws the node's ends of PODs' veth pairs without a bridge, while they fit below the PODs", t => {
  const routed = (count: number): NodeFacts => {
    const numbers = Array.from({ length: count }, (_, index) => index + 1)
    const [head = device('lo', 1)] = node(1).interfaces
    return {
      node: 'vm-001',
      interfaces: [
        head,
        ...numbers.map(number => device(`veth${number}`, 10 + number, { ...kind('veth'), link_index: 2 })),
      ],
      routes: [],
      pods: numbers.map(number => ({
        name: `pod${number}`,
        interfaces: [device('eth0', 2, { ...kind('veth'), link_index: 10 + number })],
        routes: [],
      })),
    }
  }
  const svg = graphSvg(buildGraph([routed(2)]))
  for (const number of [1, 2]) {
    t.regex(svg, new RegExp(`>veth${number}</text>`))
    t.regex(svg, new RegExp(`class="link" data-ends="pod${number}/eth0 vm-001/veth${number} `))
  }
  // In the order of the PODs, whatever that of the node's interfaces.
  const network = routed(2)
  const swapped = graphSvg(buildGraph([{ ...network, interfaces: network.interfaces.toReversed() }]))
  t.true(swapped.indexOf('>veth1<') < swapped.indexOf('>veth2<'))
  t.notRegex(graphSvg(buildGraph([routed(20)])), />veth1</)
  t.notRegex(graphSvg(buildGraph([node(1)])), />vm-001-ns01<\/text><\/g>/, 'a port of a bridge has no box')
})

test('marks interfaces that are down', t => {
  const graph = buildGraph([node(1)])
  t.deepEqual(
    graph.nodes[0]?.pods.map(({ interfaces }) => interfaces[0]?.up),
    [true, false],
  )
  t.regex(graphSvg(graph), /eth0 \(ipvlan l2\) is down/)
  t.regex(toDot(graph), /"vm-001-ns02\/eth0" \[label="eth0 \(ipvlan l2\) DOWN" style=dashed\]/)
})

test('draws well-formed XML, with a line only for nets that connect nodes', t => {
  const both = graphSvg(buildGraph([node(1), node(2)]))
  execFileSync(tool('xmllint'), ['--noout', '-'], { input: both })
  t.regex(both, />net 1</)
  t.notRegex(both, />net 0</)
  t.notRegex(graphSvg(buildGraph([node(1)])), />net 1</)
})

/** A node with a tunnel device and a route to a remote address. */
const tunnelling = (number: number, remote: string): NodeFacts => {
  const plain = node(number)
  const overlay = device('overlay', 9, kind('vxlan', { id: 0, external: true }))
  const routes = [
    { dst: remote, dev: 'overlay', encap: 'ip', gateway: '169.254.0.2' },
    { dst: '192.168.1.99', dev: 'overlay' },
  ]
  return { ...plain, interfaces: [...plain.interfaces, overlay], routes }
}

test('draws tunnels only where routes lead both ways', t => {
  const both = buildGraph([tunnelling(1, '192.168.1.2'), tunnelling(2, '192.168.1.1')])
  t.deepEqual(
    both.links.filter(({ kind: how }) => how === 'tunnel'),
    [
      { kind: 'tunnel', from: 'vm-001/overlay', to: 'vm-002/eth1' },
      { kind: 'tunnel', from: 'vm-002/overlay', to: 'vm-001/eth1' },
    ],
  )
  t.regex(graphSvg(both), />overlay: tunnels \(vxlan\)</)
  const oneWay = buildGraph([tunnelling(1, '192.168.1.2'), tunnelling(2, '192.168.1.99')])
  t.notRegex(graphSvg(oneWay), /tunnels/)
})

/** The rectangles in a picture that match a pattern. */
const places = (svg: string, pattern: RegExp) =>
  [...svg.matchAll(pattern)].map(([, x, y, width, height]) => ({
    left: Number(x),
    top: Number(y),
    right: Number(x) + Number(width),
    bottom: Number(y) + Number(height),
  }))
const FRAMES = /<rect class="frame" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g
const BOXES = /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" rx="4"/g

test('nothing overlaps for any number of nodes and PODs, and the width is limited', t => {
  const counts = fc.record({ nodes: fc.integer({ min: 1, max: 25 }), pods: fc.integer({ min: 1, max: 12 }) })
  fc.assert(
    fc.property(counts, ({ nodes, pods }) => {
      const svg = graphSvg(buildGraph(Array.from({ length: nodes }, (_, index) => withPods(index + 1, pods))))
      const width = Number(/ width="([\d.]+)"/.exec(svg)?.[1])
      for (const [pattern, count] of [
        [FRAMES, nodes],
        [BOXES, nodes * (pods + 4)],
      ] as const) {
        const found = places(svg, pattern)
        t.is(found.length, count)
        for (const [index, a] of found.entries()) {
          t.true(a.right <= width)
          for (const b of found.slice(index + 1))
            t.true(a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top)
        }
      }
      t.true(width <= 1160)
    }),
    { numRuns: 25 },
  )
})

/** A node with a number of PODs on its bridge. */
const withPods = (number: number, count: number): NodeFacts => ({
  ...node(number),
  pods: Array.from({ length: count }, (_, index) => ({
    name: `vm-00${number}-ns${index + 1}`,
    interfaces: [device('eth0', 2, { ...kind('veth'), link_index: 7 })],
    routes: [],
  })),
})

test('connects the lines of a net in several rows', t => {
  const svg = graphSvg(buildGraph(Array.from({ length: 9 }, (_, index) => node(index + 1))))
  const lines = [...svg.matchAll(/<path d="M(\d+) (\d+)H[\d.]+" class="net"/g)].map(([, x, y]) => ({ x, y }))
  t.true(lines.length > 1)
  const [spine] = [...svg.matchAll(/<path d="M(\d+) (\d+)V(\d+)" class="net" [^>]*stroke-width="3"/g)]
  t.true(lines.every(({ x }) => x === spine?.[1]))
  t.is(spine?.[2], lines[0]?.y)
  t.is(spine?.[3], lines.at(-1)?.y)
})

test('boxes are wide enough for their text', t => {
  const facts = node(1)
  const long = device('macvlan-eth1', 9, { ...kind('macvlan', { mode: 'passthru' }), operstate: 'DOWN', link: 'eth1' })
  const svg = graphSvg(buildGraph([{ ...facts, interfaces: [...facts.interfaces, long] }]))
  const widths = [...svg.matchAll(/width="([\d.]+)" height="[\d.]+" rx="4"/g)].map(([, width]) => Number(width))
  t.true(Math.min(...widths) > 'macvlan-eth1 (macvlan passthru) is down'.length * 6.5)
})
