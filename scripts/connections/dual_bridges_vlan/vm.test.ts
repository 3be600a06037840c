import test from 'ava'
import { provesSides, wrongPairs } from '../../../tests/namespaces/sides.ts'
import { program } from '../../../tests/vm/program.ts'

// Not every host's kernel supports VLANs.
test('dual_bridges_vlan passes, and its matrix reports exactly the pairs that are joined or cut', async t => {
  const cluster = program(t)
  await provesSides(t, cluster, 'dual_bridges_vlan', ['vm-202-eth3.100', 'vm-202-eth3.200'])
  const execute = async (where: string, command: string) => {
    const { status, stdout, stderr } = await cluster.run('exec', where, '--', 'sh', '-c', command)
    t.is(status, 0, stderr)
    return stdout
  }
  for (const [where, device, vlan] of [
    ['vm-001', 'eth2.100', 100],
    ['vm-001', 'eth2.200', 200],
    ['vm-202-eth3.200', 'eth3.200', 200],
  ] as const) {
    const [{ linkinfo }] = JSON.parse(await execute(where, `ip -d -j link show dev ${device}`))
    t.deepEqual([linkinfo.info_kind, linkinfo.info_data.id], ['vlan', vlan], `${where}: ${device}`)
  }

  const add = 'ip link add link eth2 name eth2.200 type vlan id 201 && ip link set eth2.200 up master br3'
  await execute('vm-001', `ip link delete eth2.200 && ${add}`)
  const wrong = await cluster.run('test', 'matrix', '--no-start', '--reach', 'dual_bridges_vlan', '--timeout=30')
  t.is(wrong.status, 1, wrong.stderr)
  const cut = [1, 2].flatMap(pod => [
    ...['172.16.0.100', '1000::1:ac10:64'].map(address => `br3-vm-001-ns0${pod} ${address}`),
    ...[`172.16.0.${pod}`, `1000::1:ac10:${pod}`].map(address => `vm-202-eth3.200 ${address}`),
  ])
  t.deepEqual(wrongPairs(wrong.stdout), cut.sort())
})
