import test from 'ava'
import { provesHole, TUNNEL_MTU } from '../../../tests/namespaces/holes.ts'
import { BETWEEN_NODES, connect } from '../../../tests/namespaces/pairs.ts'
import { program } from '../../../tests/vm/program.ts'

// Not every host's kernel supports ip6tnl.
test.serial('L3_overlay passes with the MTU of its tunnel, and fails between the nodes while it is down', async t => {
  const { summary, execute, link, failsWith } = await connect(t, program(t), 'L3_overlay')
  t.regex(summary, new RegExp(`icmp path MTU: 4 of 4 pairs reply; path MTU ${TUNNEL_MTU.ip6tnl} bytes\\n`))
  const tunnel = await link('vm-001', 'ip6tnl6')
  t.is(tunnel.linkinfo?.info_kind, 'ip6tnl')
  t.is(tunnel.mtu, TUNNEL_MTU.ip6tnl)
  for (const family of ['-4', '-6'])
    t.regex(
      await execute('vm-001', `ip ${family} route show dev ip6tnl6`),
      /encap ip6 .*dst 1000::1:(192\.168\.1\.2|c0a8:102) /,
    )

  await execute('vm-002', 'ip link set ip6tnl6 down')
  await failsWith(BETWEEN_NODES)
})

test.serial('without "packet too big", ip6tnl is a black hole between exactly the pairs of its tunnel', async t => {
  await provesHole(t, program(t), 'ip6tnl')
})
