import type { GuestArchitecture } from '../../settings/guest.ts'

/** What differs between the machines of an architecture. */
export interface MachineType {
  /** QEMU's command. */
  readonly qemu: string
  readonly machine: string
  /** The machine where KVM runs it, if that differs. */
  readonly machineWithKvm?: string
  /** The model of an emulated CPU. */
  readonly emulatedCpu: string
  /** Options of the guest kernel. */
  readonly kernel: string
  /** More of them where QEMU emulates the CPU. */
  readonly emulated: readonly string[]
}

/**
 * `quiet`: the serial line is slow. `panic=-1`: a panic ends QEMU. The rest saves a third of the boot and a few
 * hundredths of each step: no mitigations, self-tests, security modules or accounting.
 */
const KERNEL_OPTIONS = [
  'quiet panic=-1 mitigations=off nokaslr cryptomgr.notests',
  'rcupdate.rcu_expedited=1 init_on_alloc=0 lsm= audit=0 psi=0 cgroup.memory=nokmem',
].join(' ')
/**
 * Programs always run at the same addresses, so that QEMU can reuse their translated code. This halves the time of
 * steps.
 */
const EMULATED_ADDRESSES = 'norandmaps'
/**
 * No scheduling by session, since each step is its own session. No watchdog: it takes a vCPU that waits on a busy host
 * for a lockup.
 */
const EMULATED_SCHEDULER = 'noautogroup nowatchdog'
/** Unknown to the kernel, which therefore passes it to guest/init in the environment. */
const EMULATED_HINT = 'emulated=yes'
/**
 * An emulated TSC is the host's, and its calibration fails on a busy host (a clock four times too fast was observed).
 * HPET reports its own rate.
 */
const EMULATED_CLOCK = 'tsc=unstable clocksource=hpet'
/**
 * Clears X86_FEATURE_REP_GOOD (arch/x86/include/asm/cpufeatures.h), so that pages are cleared and copied by plain
 * loops: an emulator runs a string instruction as a loop with a check in each iteration.
 */
const EMULATED_COPYING = 'clearcpuid=112'

export const MACHINE_TYPES: Readonly<Record<GuestArchitecture, MachineType>> = {
  amd64: {
    qemu: 'qemu-system-x86_64',
    machine: 'q35',
    // Fewer CPU features mean less to emulate: a guest boots a fifth faster than with `max`. This model supports
    // x86-64-v2, and `rdrand` provides entropy from the start.
    emulatedCpu: 'Nehalem,+rdrand',
    // The last two: no probing for missing ports.
    kernel: `console=ttyS0 ${KERNEL_OPTIONS} 8250.nr_uarts=1 no_timer_check`,
    emulated: [EMULATED_CLOCK, EMULATED_COPYING, EMULATED_ADDRESSES, EMULATED_SCHEDULER, EMULATED_HINT],
  },
  arm64: {
    qemu: 'qemu-system-aarch64',
    // The device tree seeds the random numbers. Version 3 of the interrupt controller has no limit of eight CPUs.
    machine: 'virt,gic-version=3',
    // KVM has the version of the host's own controller only.
    machineWithKvm: 'virt,gic-version=host',
    // Without pointer authentication, which is slow to emulate.
    emulatedCpu: 'cortex-a72',
    kernel: `console=ttyAMA0 ${KERNEL_OPTIONS}`,
    emulated: [EMULATED_ADDRESSES, EMULATED_SCHEDULER, EMULATED_HINT],
  },
}
