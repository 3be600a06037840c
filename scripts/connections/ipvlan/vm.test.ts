import test from 'ava'
import { connect, nodeOf, pairsWhere } from '../../../tests/namespaces/pairs.ts'
import { program } from '../../../tests/vm/program.ts'

// Not every host's kernel supports ipvlan.
test('ipvlan passes in mode l2 with one MAC address, and fails within a node whose interfaces are private', async t => {
  const { execute, link, failsWith } = await connect(t, program(t), 'ipvlan')
  const below = await link('vm-002', 'eth1')
  for (const [where, device] of [
    ['vm-002', 'ipvlan-eth1'],
    ['vm-002-ns01', 'eth0'],
    ['vm-002-ns02', 'eth0'],
  ] as const) {
    const { address, linkinfo } = await link(where, device)
    t.deepEqual([linkinfo?.info_kind, linkinfo?.info_data?.mode], ['ipvlan', 'l2'], where)
    t.is(address, below.address, where)
  }
  t.is(await execute('vm-002', 'ip -br link show type bridge; ip -br link show | grep ns0 || :'), '')

  await execute('vm-002', 'ip link set dev ipvlan-eth1 type ipvlan mode l2 private')
  await failsWith(pairsWhere((from, to) => [from, to].every(pod => nodeOf(pod) === 'vm-002')))
})
