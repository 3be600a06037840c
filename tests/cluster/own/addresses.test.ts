import test from 'ava'
import { addressByTemplate, addressOn, hostsText } from '../../../scripts/cluster/own/addresses.ts'

test('an address contains the numbers of net and node', t => {
  const address = { ipv4: '192.168.3.202', netmask: '255.255.255.0', ipv6: 'fd00::192.168.3.202', ipv6Length: 120 }
  t.deepEqual(addressOn(3, 202, 'fd00:'), address)
})

test('a template contains the numbers of nets and nodes', t => {
  const address = { ipv4: '169.254.5.3', netmask: '255.255.255.0', ipv6: '1000::1:169.254.5.3', ipv6Length: 120 }
  t.deepEqual(addressByTemplate('169.254.0.0/20/24', 5, 3, '1000::1'), address)
  t.like(addressByTemplate('10.0.0.0/16/20', 4, 202, '1000::1'), {
    ipv4: '10.0.64.202',
    netmask: '255.255.240.0',
    ipv6Length: 116,
  })
  const error = { code: 'BAD_TEMPLATE', message: /^xcluster_XLAN_TEMPLATE=169\.254\.0\.0:/ }
  t.throws(() => addressByTemplate('169.254.0.0', 5, 3, '1000::1'), error)
})

test('the hosts file lists every node with its address on a shared net', t => {
  const nodes = [
    { name: 'vm-001', number: 1, role: 'worker', nets: [0, 1] },
    { name: 'vm-010', number: 10, role: 'worker', nets: [0, 3] },
    { name: 'vm-201', number: 201, role: 'router', nets: [0, 1, 2] },
    { name: 'vm-221', number: 221, role: 'tester', nets: [0, 2] },
    { name: 'vm-222', number: 222, role: 'tester', nets: [0] },
  ] as const
  const lines = hostsText(nodes, '1000::1').split('\n')
  for (const line of [
    '192.168.1.1 vm-001',
    '1000::1:192.168.1.1 ip6-vm-001',
    '192.168.3.10 vm-010',
    '192.168.1.201 vm-201',
  ])
    t.true(lines.includes(line), line)
  for (const line of ['192.168.2.221 vm-221', '192.168.0.222 vm-222', '127.0.0.1 localhost'])
    t.true(lines.includes(line), line)
})
