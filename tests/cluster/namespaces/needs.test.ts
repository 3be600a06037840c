import test from 'ava'
import { needsOf, requireNamespaces } from '../../../scripts/cluster/namespaces/needs.ts'
import { refuseVmOptions } from '../../../scripts/cluster/namespaces/options.ts'
import type { Failure } from '../../../scripts/errors/failure.ts'
import { nativeArchitecture } from '../../../scripts/settings/guest.ts'
import type { NodePlan } from '../../../scripts/settings/nodes.ts'

const node: NodePlan = { number: 1, name: 'vm-001', role: 'worker', memoryMiB: 256, cpus: 1, nets: [0, 1] }

test('a larger cluster needs more processes and open files', t => {
  const [small, large] = [1, 100].map(count => needsOf(Array<NodePlan>(count).fill(node), 4))
  t.true((large?.processes ?? 0) > 50 * ((small?.processes ?? 0) - 32))
  t.true((large?.openFiles ?? 0) > (small?.openFiles ?? 0))
})

test("refuses more namespaces than the user's limit, with the sysctl and both numbers", t => {
  const few = (name: string) => (name === 'max_net_namespaces' ? '100' : '5000')
  t.notThrows(() => requireNamespaces(19, 4, few))
  const { code, message, hint } = t.throws(() => requireNamespaces(20, 4, few)) as Failure
  t.is(code, 'LIMIT_TOO_LOW')
  t.is(message, 'user.max_net_namespaces is 100, and the cluster has about 101 net namespaces')
  t.is(hint, 'an administrator can run: sysctl user.max_net_namespaces=202')
})

test('refuses nothing on a kernel without these limits', t => {
  t.notThrows(() => requireNamespaces(200, 254, () => undefined))
})

test('refuses options of VMs, but not their variables or the settings of tests', t => {
  for (const name of ['__mem', '__smp7', '__accel', '__cold']) {
    const { message } = t.throws(() => refuseVmOptions([{ name, value: '1', origin: 'option' }])) as Failure
    t.true(message.startsWith(`${name.replace('__', '--')}: nodes that are namespaces`), message)
    t.notThrows(() => refuseVmOptions([{ name, value: '1', origin: 'test' }]))
  }
  t.notThrows(() => refuseVmOptions([{ name: '__nvm', value: '1', origin: 'option' }]))
})

test('refuses another kernel or architecture, also by a variable, but not packages', t => {
  for (const name of ['__kernel', '__module', '__arch', '__modules'])
    for (const origin of ['option', 'variable'] as const)
      t.throws(() => refuseVmOptions([{ name, value: 'x', origin }]), { code: 'BAD_VALUE' }, name)
  t.throws(() => refuseVmOptions([{ name: '__kernel', value: '6.12', origin: 'variable' }]), {
    message: /^XCLUSTER_NETNS_KERNEL: nodes that are namespaces/,
  })
  t.notThrows(() => refuseVmOptions([{ name: '__package', value: 'jq', origin: 'option' }]))
  t.notThrows(() => refuseVmOptions([{ name: '__arch', value: nativeArchitecture(), origin: 'option' }]))
})
