import test from 'ava'
import { provesHole, TUNNEL_MTU } from '../../../tests/namespaces/holes.ts'
import { BETWEEN_NODES, connect } from '../../../tests/namespaces/pairs.ts'
import { program } from '../../../tests/namespaces/program.ts'

test.serial(
  'L3_vxlan passes with the MTU of its tunnel, and fails if a MAC address is not the expected one',
  async t => {
    const { summary, execute, link, failsWith } = await connect(t, program(t), 'L3_vxlan')
    t.regex(summary, new RegExp(`icmp path MTU: 4 of 4 pairs reply; path MTU ${TUNNEL_MTU.vxlan} bytes\\n`))
    const tunnel = await link('vm-002', 'vxlan6')
    t.is(tunnel.linkinfo?.info_kind, 'vxlan')
    t.deepEqual([tunnel.mtu, tunnel.address], [TUNNEL_MTU.vxlan, '02:00:00:01:ff:02'])
    const routes = await execute('vm-001', 'ip route show 172.16.2.0/24')
    t.regex(routes, /encap ip id 100 .*dst 192\.168\.1\.2 .*via 169\.254\.0\.2 dev vxlan6/)
    t.regex(await execute('vm-001', 'ip neighbor show dev vxlan6'), /169\.254\.0\.2 lladdr 02:00:00:01:ff:02 PERMANENT/)

    await execute('vm-002', 'ip link set vxlan6 address 02:00:00:01:ff:99')
    await failsWith(BETWEEN_NODES)
  },
)

test.serial('packets that vanish without an announcement are a black hole between exactly those pairs', async t => {
  await provesHole(t, program(t), 'vxlan')
})
