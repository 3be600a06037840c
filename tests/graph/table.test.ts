import test from 'ava'
import { buildGraph } from '../../scripts/graph/graph.ts'
import { narrowTable, networkTable } from '../../scripts/graph/table.ts'
import type { Interface, NodeFacts } from '../../scripts/proof/facts.ts'
import { alignColumns } from '../../scripts/reporters/columns.ts'

const device = (ifname: string, ifindex: number, more: Partial<Interface> = {}): Interface => ({
  ifname,
  ifindex,
  flags: ['UP'],
  operstate: 'UP',
  mtu: 1500,
  addr_info: [],
  ...more,
})
const kind = (info_kind: string, info_data = {}) => ({ linkinfo: { info_kind, info_data } })
const address = (local: string) => ({ family: 'inet' as const, local, prefixlen: 24, scope: 'global' })

const FACTS: NodeFacts = {
  node: 'vm-001',
  interfaces: [
    device('lo', 1),
    device('eth1', 2, { address: '00:00:00:01:01:01', addr_info: [address('192.168.1.1'), address('10.0.0.1')] }),
    device('br0', 3, kind('bridge')),
    device('vm-001-ns01', 4, { ...kind('veth'), link_index: 2, master: 'br0', operstate: 'DOWN' }),
    device('tunnel', 5, { ...kind('vxlan', { id: 7 }), address: '192.168.1.1' }),
  ],
  routes: [],
  pods: [
    {
      name: 'vm-001-ns01',
      interfaces: [
        device('lo', 1),
        device('eth0', 2, { ...kind('veth'), link_index: 4, addr_info: [address('1.1.1.1')] }),
      ],
      routes: [],
    },
    { name: 'vm-001-ns02', interfaces: [device('lo', 1)], routes: [] },
  ],
}

test('has a row for each interface, with location, links and addresses', t => {
  const [headings, ...rows] = networkTable(buildGraph([FACTS]), () => true)
  t.is(headings?.length, 9)
  t.deepEqual(rows, [
    ['vm-001', '', 'eth1', 'nic', 'up', '1500', '00:00:00:01:01:01', 'net-1', '192.168.1.1/24,10.0.0.1/24'],
    ['vm-001', '', 'br0', 'bridge', 'up', '1500', '', '', ''],
    ['vm-001', '', 'vm-001-ns01', 'veth', 'down', '1500', '', 'vm-001/br0,vm-001-ns01/eth0', ''],
    ['vm-001', '', 'tunnel', 'vxlan:7', 'up', '1500', '', '', ''],
    ['vm-001', 'vm-001-ns01', 'eth0', 'veth', 'up', '1500', '', 'vm-001/vm-001-ns01', '1.1.1.1/24'],
    ['vm-001', 'vm-001-ns02', '', '', '', '', '', '', ''],
  ])
})

test('the narrow table has a row for each address, and fits in 80 columns', t => {
  const table = narrowTable(networkTable(buildGraph([FACTS]), () => true))
  t.deepEqual(table.slice(1, 3), [
    ['vm-001', 'eth1', 'nic', 'up', '192.168.1.1/24'],
    ['"', '"', '"', '"', '10.0.0.1/24'],
  ])
  t.deepEqual(table.at(-2), ['vm-001-ns01', 'eth0', 'veth', 'up', '1.1.1.1/24'])
  t.true(
    alignColumns(table)
      .split('\n')
      .every(line => line.length <= 80),
  )
})

test('shows selected PODs without their node', t => {
  const [, ...rows] = networkTable(buildGraph([FACTS]), (_, name) => name === 'vm-001-ns01')
  t.deepEqual(
    rows.map(row => row.slice(0, 3)),
    [['vm-001', 'vm-001-ns01', 'eth0']],
  )
})
