import test from 'ava'
import { connect, pairsWhere } from '../../../tests/namespaces/pairs.ts'
import { program } from '../../../tests/namespaces/program.ts'

test('macvlan passes in mode bridge, and fails between a POD in mode private and its neighbor', async t => {
  const { execute, link, failsWith } = await connect(t, program(t), 'macvlan')
  const below = await link('vm-001', 'eth1')
  const own = await link('vm-001', 'macvlan-eth1')
  const pods = await Promise.all(['vm-001-ns01', 'vm-001-ns02'].map(pod => link(pod, 'eth0')))
  for (const { linkinfo } of [own, ...pods])
    t.deepEqual([linkinfo?.info_kind, linkinfo?.info_data?.mode], ['macvlan', 'bridge'])
  t.is(new Set([below, own, ...pods].map(({ address }) => address)).size, 4, 'each has its own MAC address')
  t.is(await execute('vm-001', 'ip -br link show type bridge; ip -br link show | grep ns0 || :'), '')

  await execute('vm-002-ns01', 'ip link set dev eth0 type macvlan mode private')
  await failsWith(pairsWhere((from, to) => [from, to].every(pod => pod.startsWith('vm-002'))))
})
