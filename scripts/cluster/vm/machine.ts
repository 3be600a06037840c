import fs from 'node:fs'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import { macAddress } from '../../settings/mac-address.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import { consoleFile, MOST_CONSOLE_BYTES } from '../own/consoles.ts'
import { spawnInCluster } from '../own/spawn.ts'
import { type Control, openControl } from './control.ts'
import { openQmp, type Qmp } from './qmp.ts'
import { switchDirectory } from './sockets.ts'

/** What all VMs of a cluster boot from. */
export interface MachineParts {
  readonly kernel: string
  readonly initrd: string
  /** squashfs images: the root first, then the ovls in the order in which they are laid over it. */
  readonly disks: readonly string[]
  readonly accelerator: 'kvm' | 'tcg'
}

/** What a machine is made of, but for what it boots from. */
export interface MachinePlan {
  /** Names its process and its files. */
  readonly name: string
  readonly memoryMiB: number
  readonly cpus: number
  readonly interfaces: readonly {
    /** QEMU's `-netdev`, with an id that is the interface's alone. */
    readonly backend: string
    readonly id: string
    readonly mac: string
  }[]
}

/** Memory that is a file: what the guest writes goes into it, or stays with the machine. */
export interface MemoryFile {
  readonly file: string
  readonly written: boolean
}

export interface MachineOptions {
  readonly memory?: MemoryFile
  /** A file descriptor with the state of the devices: the machine goes on from there, and does not boot. */
  readonly state?: number
}

/** A VM from the start of its QEMU on. */
export interface Machine {
  readonly control: Control
  readonly qmp: Qmp
  /** The port on 127.0.0.1 that leads to its ssh. */
  sshPort(): Promise<number>
  /** Resolves when the VM ends, with how: `was ended by SIGKILL`, `exited with 1: <QEMU's last line>`. */
  readonly ended: Promise<string>
  /** Lets the VM go on without us. */
  release(): void
  /** Ends it; resolves when it is gone. */
  kill(): Promise<void>
}

/**
 * vde_switch drops frames with more than 1504 bytes behind the Ethernet header (1500 and a VLAN tag) without a word, and has no option for
 * that. The guest's kernel refuses a larger MTU where virtio-net says its limit.
 */
const MTU = 1500

/** Sockets that QEMU inherits: no path, no port, nobody else can connect. */
const QMP_FD = 3
const CONTROL_FD = 4
const STATE_FD = 5

/** The machine of a node. */
export const planOf = ({ name, number, memoryMiB, cpus, nets }: NodePlan): MachinePlan => ({
  name,
  memoryMiB,
  cpus,
  interfaces: nets.map(net => ({ id: `eth${net}`, backend: netdev(net, number), mac: macAddress(net, number) })),
})

/** Starts QEMU; it runs in the cluster's directory, where relative names lie. */
export function startMachine(
  plan: MachinePlan,
  clusterDirectory: string,
  parts: MachineParts,
  options: MachineOptions = {},
): Machine {
  const { state } = options
  // QEMU appends: what is there is of a machine before this one. Whoever empties the file gets what comes then.
  fs.writeFileSync(path.join(clusterDirectory, consoleFile(plan.name)), '', { mode: 0o600 })
  const { child, ended, errors } = spawnInCluster(plan.name, clusterDirectory, qemuCommand(plan, parts, options), {
    pipes: 2,
    files: state === undefined ? [] : [state],
    ...(options.memory?.written !== true && { mostBytes: MOST_CONSOLE_BYTES }),
  })
  const control = openControl(child.stdio[CONTROL_FD] as Duplex)
  const qmp = openQmp(child.stdio[QMP_FD] as Duplex)
  if (state !== undefined) goOn(qmp)
  return {
    control,
    qmp,
    sshPort: () => forwardedPort(qmp),
    ended: ended.then(how => [how, lastLine(errors())].filter(Boolean).join(': ')),
    release: () => {
      control.close()
      qmp.close()
      child.unref()
    },
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Takes over a state. When that fails QEMU ends, which is how it is noticed. */
function goOn(qmp: Qmp): void {
  const commands = [
    qmp.execute('migrate-set-capabilities', { capabilities: [WITHOUT_MEMORY] }),
    // Nobody has to learn that a machine moved, least of all by the address that it had.
    qmp.execute('migrate-set-parameters', { 'announce-rounds': 0 }),
    qmp.execute('migrate-incoming', { uri: `fd:${STATE_FD}` }),
  ]
  for (const command of commands) command.catch(() => {})
}

/** The state is that of the devices alone: memory is in its file. */
export const WITHOUT_MEMORY = { capability: 'x-ignore-shared', state: true } as const

const lastLine = (text: string): string => text.slice(text.lastIndexOf('\n') + 1)

function qemuCommand(plan: MachinePlan, parts: MachineParts, options: MachineOptions): string[] {
  const command = ['qemu-system-x86_64', '-name', plan.name, ...bootOptions(parts, plan.memoryMiB, plan.cpus, options)]
  if (parts.accelerator === 'tcg') command.unshift(...EMULATED_SCHEDULING)
  if (options.state !== undefined) command.push('-incoming', 'defer')
  command.push('-chardev', `file,id=console,append=on,path=${consoleFile(plan.name)}`, '-serial', 'chardev:console')
  command.push('-chardev', `socket,id=qmp,fd=${QMP_FD}`, '-mon', 'chardev=qmp,mode=control')
  command.push('-chardev', `socket,id=control,fd=${CONTROL_FD}`)
  for (const { backend, id, mac } of plan.interfaces) {
    // The ROM is for booting from the net, and costs time at each start.
    command.push('-netdev', backend, '-device', `virtio-net-pci,netdev=${id},mac=${mac},romfile=,host_mtu=${MTU}`)
  }
  return command
}

/**
 * The less a CPU has, the less there is to emulate: a guest boots a fifth faster than with `max`. This one still runs what is
 * compiled for x86-64-v2, and has random numbers from its first moment.
 */
const EMULATED_CPU = 'Nehalem,+rdrand'

/**
 * `quiet`, since a serial line is slow; `panic=-1`, so that a panic ends QEMU; the rest takes a third off the boot, and some hundredths
 * off each step: no defences against neighbours that a test VM does not have, no self-tests, no probing for ports that are not there,
 * no security modules and no accounts that nobody reads.
 */
const KERNEL_OPTIONS = [
  'console=ttyS0 quiet panic=-1 mitigations=off nokaslr cryptomgr.notests 8250.nr_uarts=1 no_timer_check rcupdate.rcu_expedited=1',
  'init_on_alloc=0 lsm= audit=0 psi=0 cgroup.memory=nokmem',
].join(' ')
/**
 * Of an emulated machine: the TSC is the host's, and measuring how fast it goes fails where the host is busy (a clock four times as
 * fast was seen). HPET says its own rate.
 */
const EMULATED_CLOCK = 'tsc=unstable clocksource=hpet'
/**
 * Without X86_FEATURE_REP_GOOD (arch/x86/include/asm/cpufeatures.h) pages are cleared and copied by plain loops: one string instruction is
 * for an emulator a loop of its own, with a check in each turn.
 */
const EMULATED_STRINGS = 'clearcpuid=112'
/**
 * No turns by session, of which each step has one; and no watchdog, to which a CPU that waits for its turn on a busy host looks as if it
 * were stuck.
 */
const EMULATED_TURNS = 'noautogroup nowatchdog'
/** Nothing that the kernel knows: it goes into the environment of guest/init. */
const EMULATED_HINT = 'emulated=yes'
/** Each program at the same addresses whenever it runs: what an emulator has translated of it serves again, which halves the time of steps. */
const EMULATED_ADDRESSES = 'norandmaps'
/**
 * Linux's SCHED_BATCH, which anybody may have: a VM that wakes up does not push another one off its CPU in the middle of its work. With
 * many VMs more than there are CPUs all is done in a tenth less time, and this program, which is not so scheduled, gets its turn at once.
 */
const EMULATED_SCHEDULING = ['chrt', '--batch', '0']
/** What QEMU translates is kept in so much memory, in MiB; its default, 1 GiB, makes eight VMs take twelve. */
const TRANSLATED_MIB = 96

/**
 * QEMU's options for a machine that boots from an image; its control port is the character device `control`, which the
 * caller adds.
 */
export function bootOptions(
  { kernel, initrd, disks, accelerator }: MachineParts,
  memoryMiB: number,
  cpus: number,
  { memory }: Pick<MachineOptions, 'memory'> = {},
): string[] {
  const options = ['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none']
  options.push('-machine', memory ? 'q35,memory-backend=memory' : 'q35')
  if (memory) options.push('-object', json(memoryBackend(memory, memoryMiB)))
  options.push('-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny')
  const emulated = accelerator === 'tcg'
  if (emulated) options.push('-accel', `tcg,thread=multi,tb-size=${TRANSLATED_MIB}`, '-cpu', EMULATED_CPU)
  else options.push('-accel', 'kvm', '-cpu', 'host')
  options.push('-m', `${memoryMiB}M`, '-smp', String(cpus))
  const line = emulated
    ? [KERNEL_OPTIONS, EMULATED_CLOCK, EMULATED_STRINGS, EMULATED_ADDRESSES, EMULATED_TURNS, EMULATED_HINT].join(' ')
    : KERNEL_OPTIONS
  options.push('-kernel', kernel, '-initrd', initrd, '-append', line)
  options.push('-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=control,name=control')
  disks.forEach((file, index) => {
    const id = index === 0 ? 'root' : `ovl-${String(index - 1).padStart(2, '0')}`
    const block = { 'node-name': id, driver: 'raw', 'read-only': true, file: { driver: 'file', filename: file } }
    options.push('-blockdev', json(block), '-device', `virtio-blk-pci,drive=${id},serial=${id}`)
  })
  return options
}

const memoryBackend = ({ file, written }: MemoryFile, memoryMiB: number) => ({
  'qom-type': 'memory-backend-file',
  id: 'memory',
  size: memoryMiB * 2 ** 20,
  'mem-path': file,
  share: written,
})

/** JSON where QEMU takes it: its other syntax would need the commas in file names doubled. */
const json = (value: unknown): string => JSON.stringify(value)

/**
 * Net 0 leads to the host's loopback and nowhere else: `restrict` cuts the guest off from host and world, and port 0
 * lets the kernel pick one that is free. The other nets are switches of the cluster.
 */
function netdev(net: number, node: number): string {
  if (net > 0) return `vde,id=eth${net},sock=${switchDirectory(net)}`
  const own = 'net=192.168.0.0/24,host=192.168.0.254,dns=192.168.0.253,ipv6=off'
  return `user,id=eth0,restrict=on,${own},hostfwd=tcp:127.0.0.1:0-192.168.0.${node}:22`
}

async function forwardedPort(qmp: Qmp): Promise<number> {
  const table = String(await qmp.execute('human-monitor-command', { 'command-line': 'info usernet' }))
  const port = /HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(table)?.[1]
  if (!port) throw new Error(`QEMU forwards no port: ${table}`)
  return Number(port)
}
