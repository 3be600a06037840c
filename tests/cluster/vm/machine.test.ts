import test from 'ava'
import { MACHINE_TYPES } from '../../../scripts/cluster/vm/architectures.ts'
import { bootOptions } from '../../../scripts/cluster/vm/machine.ts'
import { nativeArchitecture } from '../../../scripts/settings/guest.ts'

const parts = { kernel: 'vmlinux', initrd: 'initrd', disks: ['root.squashfs'] } as const

/** The value of one of QEMU's options. */
const optionOf = (options: readonly string[], name: string) => options[options.indexOf(name) + 1] ?? ''

test('machines of amd64 and arm64 differ in machine type, CPU and console, with KVM and without', t => {
  for (const [architecture, accelerator, machine, cpu, console] of [
    ['amd64', 'tcg', /^q35$/, /^Nehalem/, 'ttyS0'],
    ['amd64', 'kvm', /^q35$/, /^host$/, 'ttyS0'],
    ['arm64', 'tcg', /^virt,gic-version=3$/, /^cortex-a72$/, 'ttyAMA0'],
    // A host may have an older interrupt controller.
    ['arm64', 'kvm', /^virt,gic-version=host$/, /^host$/, 'ttyAMA0'],
  ] as const) {
    const options = bootOptions({ ...parts, architecture, accelerator }, 256, 1)
    t.regex(optionOf(options, '-machine'), machine)
    t.regex(optionOf(options, '-cpu'), cpu)
    t.true(optionOf(options, '-append').startsWith(`console=${console} `))
    t.is(optionOf(options, '-append').includes('emulated=yes'), accelerator === 'tcg')
    t.notRegex(optionOf(options, '-append'), architecture === 'arm64' ? /tsc|8250|clearcpuid/ : /ttyAMA/)
  }
  const saved = bootOptions({ ...parts, architecture: 'arm64', accelerator: 'kvm' }, 256, 1, {
    memory: { file: 'ram', written: true },
  })
  t.is(optionOf(saved, '-machine'), 'virt,gic-version=host,memory-backend=memory')
})

test('each architecture has its own QEMU, and hosts of arm64 run guests of arm64', t => {
  t.is(MACHINE_TYPES.amd64.qemu, 'qemu-system-x86_64')
  t.is(MACHINE_TYPES.arm64.qemu, 'qemu-system-aarch64')
  // Names of process.arch.
  t.is(nativeArchitecture('arm64'), 'arm64')
  t.is(nativeArchitecture('x64'), 'amd64')
})
