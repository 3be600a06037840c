import test from 'ava'
import { BETWEEN_NODES, connect } from '../../../tests/namespaces/pairs.ts'
import { program } from '../../../tests/namespaces/program.ts'

test('L2 passes with eth1 as a port of the bridge, and fails between the nodes without that port', async t => {
  const { execute, link, failsWith, passes } = await connect(t, program(t), 'L2')
  for (const node of ['vm-001', 'vm-002']) {
    t.is((await link(node, 'eth1')).master, 'br0')
    t.is(await execute(node, 'ip -o address show dev eth1 scope global'), '')
    const ofBridge = await execute(node, 'ip -o -4 address show dev br0')
    for (const subnet of [/ 192\.168\.1\.\d\/24 /, / 172\.16\.0\.\d+\/24 /]) t.regex(ofBridge, subnet)
  }
  // One subnet: no POD has a route to another, and the neighbor is the POD itself.
  t.notRegex(await execute('vm-001-ns01', 'ip route; ip -6 route'), /via/)
  const remote = await link('vm-002-ns01', 'eth0')
  t.regex(await execute('vm-001-ns01', 'ip neighbor'), new RegExp(`lladdr ${remote.address} `))

  await execute('vm-002', 'ip link set eth1 nomaster')
  await failsWith(BETWEEN_NODES)
  await execute('vm-002', 'ip link set eth1 master br0')
  await passes()
})
