import test from 'ava'
import { requireSlots } from '../../../scripts/cluster/vm/needs.ts'
import { readSettings } from '../../../scripts/settings/settings.ts'

const plans = (nets: number) =>
  readSettings({ __nvm: '2', __nets2: Array.from({ length: nets }, (_, net) => net).join(',') }, {}).cluster.nodes

test('refuses a VM with more interfaces and ovls than PCI slots by name, and accepts one that just fits', t => {
  t.notThrows(() => requireSlots(plans(27), 1))
  t.throws(() => requireSlots(plans(28), 1), { code: 'TOO_MANY_DEVICES', message: /^vm-002: 28 interfaces and 1 ovls/ })
  t.throws(() => requireSlots(plans(2), 27), { code: 'TOO_MANY_DEVICES', message: /^vm-001: 2 interfaces and 27 ovls/ })
})
