import test from 'ava'
import fc from 'fast-check'
import { isKept, loadOrder } from '../../../../scripts/cluster/vm/image/modules.ts'

const DEPENDENCIES = [
  'kernel/net/bridge/bridge.ko: kernel/net/802/stp.ko kernel/net/llc/llc.ko',
  'kernel/net/802/stp.ko: kernel/net/llc/llc.ko',
  'kernel/net/llc/llc.ko:',
  'kernel/drivers/net/veth.ko:',
  '',
].join('\n')

test('orders modules after their dependencies, each once', t => {
  t.deepEqual(loadOrder(DEPENDENCIES, '', ['veth', 'bridge', 'llc']), [
    'kernel/drivers/net/veth.ko',
    'kernel/net/llc/llc.ko',
    'kernel/net/802/stp.ko',
    'kernel/net/bridge/bridge.ko',
  ])
})

test('skips built-in modules, and reports missing ones', t => {
  t.deepEqual(loadOrder(DEPENDENCIES, 'kernel/drivers/virtio/virtio_pci.ko\n', ['virtio_pci']), [])
  t.throws(() => loadOrder(DEPENDENCIES, '', ['virtio_pci']), { code: 'NO_MODULE', message: /virtio_pci/ })
})

test('orders any chain of dependencies', t => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(), (length, start) => {
      // modules.dep lists all dependencies of a module, the deepest last.
      const lines = Array.from({ length }, (_, index) => {
        const needs = Array.from({ length: index }, (_, depth) => `m${index - depth - 1}.ko`)
        return `m${index}.ko: ${needs.join(' ')}`
      })
      const last = start % length
      const order = loadOrder(lines.join('\n'), '', [`m${last}`])
      t.deepEqual(
        order,
        Array.from({ length: last + 1 }, (_, index) => `m${index}.ko`),
      )
    }),
  )
})

test('keeps network modules, and removes hardware drivers', t => {
  for (const file of ['drivers/net/veth.ko', 'net/bridge/bridge.ko.xz', 'drivers/block/virtio_blk.ko'])
    t.true(isKept(file), file)
  for (const file of ['drivers/net/ethernet/intel/e1000/e1000.ko', 'drivers/block/drbd/drbd.ko', 'sound/core/snd.ko'])
    t.false(isKept(file), file)
})
