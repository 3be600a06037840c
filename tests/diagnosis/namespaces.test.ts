import test from 'ava'
import { ownDevices } from '../../scripts/diagnosis/namespaces.ts'

/** Created by the kernel modules ip_tunnel, ip_gre, ip_vti, sit and their IPv6 variants in each new namespace. */
const CREATED_BY_THE_KERNEL = 'lo ip6tnl0 sit0 tunl0 erspan0 gre0 gretap0 ip6gre0 ip_vti0 ip6_vti0'.split(' ')

test('does not count devices that the kernel creates in every namespace', t => {
  const own = ['eth0', 'ip6tnl6', 'gre1', 'vti0']
  const interfaces = [...CREATED_BY_THE_KERNEL, ...own].map((ifname, index) => ({
    ifname,
    ifindex: index + 1,
    flags: [],
    addr_info: [],
  }))
  const namespace = { name: 'vm-001', node: 'vm-001', isPod: false, interfaces, routes: [] }
  t.deepEqual(
    ownDevices(namespace).map(({ ifname }) => ifname),
    own,
  )
})
