import test from 'ava'
import type { Interface, NodeFacts } from '../../scripts/proof/facts.ts'
import { asNics } from '../../scripts/proof/nics.ts'

const veth = (ifname: string, address: string): Interface => ({
  ifname,
  ifindex: 2,
  link_index: 7,
  flags: ['UP'],
  address,
  linkinfo: { info_kind: 'veth' },
  addr_info: [],
})

test("presents a node's veth on a net as a NIC in any namespace, and leaves veths of PODs alone", t => {
  const facts: NodeFacts = {
    node: 'vm-001',
    routes: [],
    interfaces: [veth('eth1', '00:00:00:01:01:01'), veth('vm-001-ns01', '3e:00:00:01:01:01')],
    pods: [{ name: 'vm-001-ns01', routes: [], interfaces: [veth('eth2', '00:00:00:01:02:01')] }],
    foreign: [{ name: 'red', routes: [], interfaces: [veth('eth0', '00:00:00:01:03:01')] }],
  }
  const { interfaces, pods, foreign = [] } = asNics(facts)
  t.deepEqual(interfaces[0], { ifname: 'eth1', ifindex: 2, flags: ['UP'], address: '00:00:00:01:01:01', addr_info: [] })
  t.deepEqual(interfaces[1], facts.interfaces[1])
  t.is(pods[0]?.interfaces[0]?.linkinfo, undefined)
  t.is(foreign[0]?.interfaces[0]?.link_index, undefined)
})
