import type { Duplex } from 'node:stream'
import type { NodePlan } from '../../settings/nodes.ts'
import { type Control, openControl } from './control.ts'
import { openQmp, type Qmp } from './qmp.ts'
import { spawnInCluster } from './spawn.ts'
import { switchDirectory } from './switches.ts'

/** What all VMs of a cluster boot from. */
export interface MachineParts {
  readonly kernel: string
  readonly initrd: string
  /** squashfs images: the root first, then the ovls in the order in which they are laid over it. */
  readonly disks: readonly string[]
  readonly accelerator: 'kvm' | 'tcg'
}

/** A VM from the start of its QEMU on. */
export interface Machine {
  readonly control: Control
  /** The port on 127.0.0.1 that leads to its ssh. */
  sshPort(): Promise<number>
  /** Resolves when the VM ends, with how: `was ended by SIGKILL`, `exited with 1: <QEMU's last line>`. */
  readonly ended: Promise<string>
  /** Lets the VM go on without us. */
  release(): void
}

/** The VM's serial console, a file of the cluster's directory. */
export const consoleFile = (node: string): string => `${node}.console`

/** The number of a net and of a node are a byte each: xcluster's `00:00:00:01:<net>:<node>`. */
export const macAddress = (net: number, node: number): string =>
  ['00', '00', '00', '01', ...[net, node].map(byte => byte.toString(16).padStart(2, '0'))].join(':')

/** Sockets that QEMU inherits: no path, no port, nobody else can connect. */
const QMP_FD = 3
const CONTROL_FD = 4

/** Starts QEMU for a node; it runs in the cluster's directory, where relative names lie. */
export function startMachine(node: NodePlan, clusterDirectory: string, parts: MachineParts): Machine {
  const { child, ended, errors } = spawnInCluster(node.name, clusterDirectory, qemuCommand(node, parts), { pipes: 2 })
  const control = openControl(child.stdio[CONTROL_FD] as Duplex)
  const qmp = openQmp(child.stdio[QMP_FD] as Duplex)
  return {
    control,
    sshPort: () => forwardedPort(qmp),
    ended: ended.then(how => [how, lastLine(errors())].filter(Boolean).join(': ')),
    release: () => {
      control.close()
      qmp.close()
      child.unref()
    },
  }
}

const lastLine = (text: string): string => text.slice(text.lastIndexOf('\n') + 1)

function qemuCommand(node: NodePlan, parts: MachineParts): string[] {
  const command = ['qemu-system-x86_64', '-name', node.name, ...bootOptions(parts, node.memoryMiB, node.cpus)]
  command.push('-chardev', `file,id=console,path=${consoleFile(node.name)}`, '-serial', 'chardev:console')
  command.push('-chardev', `socket,id=qmp,fd=${QMP_FD}`, '-mon', 'chardev=qmp,mode=control')
  command.push('-chardev', `socket,id=control,fd=${CONTROL_FD}`)
  for (const net of node.nets) {
    // The ROM is for booting from the net, and costs time at each start.
    const device = `virtio-net-pci,netdev=eth${net},mac=${macAddress(net, node.number)},romfile=`
    command.push('-netdev', netdev(net, node.number), '-device', device)
  }
  return command
}

/**
 * The less a CPU has, the less there is to emulate: a guest boots a fifth faster than with `max`. This one still runs what is
 * compiled for x86-64-v2, and has random numbers from its first moment.
 */
const EMULATED_CPU = 'Nehalem,+rdrand'

/**
 * `quiet`, since a serial line is slow; `panic=-1`, so that a panic ends QEMU; the rest takes a third off the boot: no
 * defences against neighbours that a test VM does not have, no self-tests, no probing for ports that are not there.
 */
const KERNEL_OPTIONS =
  'console=ttyS0 quiet panic=-1 mitigations=off nokaslr cryptomgr.notests 8250.nr_uarts=1 no_timer_check rcupdate.rcu_expedited=1'
/**
 * Of an emulated machine: the TSC is the host's, and measuring how fast it goes fails where the host is busy (a clock four times as
 * fast was seen). HPET says its own rate.
 */
const EMULATED_CLOCK = 'tsc=unstable clocksource=hpet'
/** What QEMU translates is kept in so much memory, in MiB; its default, 1 GiB, makes eight VMs take twelve. */
const TRANSLATED_MIB = 64

/**
 * QEMU's options for a machine that boots from an image; its control port is the character device `control`, which the
 * caller adds.
 */
export function bootOptions(
  { kernel, initrd, disks, accelerator }: MachineParts,
  memoryMiB: number,
  cpus: number,
): string[] {
  const options = ['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-machine', 'q35']
  options.push('-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny')
  const emulated = accelerator === 'tcg'
  if (emulated) options.push('-accel', `tcg,thread=multi,tb-size=${TRANSLATED_MIB}`, '-cpu', EMULATED_CPU)
  else options.push('-accel', 'kvm', '-cpu', 'host')
  options.push('-m', `${memoryMiB}M`, '-smp', String(cpus))
  options.push(
    '-kernel',
    kernel,
    '-initrd',
    initrd,
    '-append',
    emulated ? `${KERNEL_OPTIONS} ${EMULATED_CLOCK}` : KERNEL_OPTIONS,
  )
  options.push('-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=control,name=control')
  disks.forEach((file, index) => {
    const id = index === 0 ? 'root' : `ovl-${String(index - 1).padStart(2, '0')}`
    const block = { 'node-name': id, driver: 'raw', 'read-only': true, file: { driver: 'file', filename: file } }
    options.push('-blockdev', json(block), '-device', `virtio-blk-pci,drive=${id},serial=${id}`)
  })
  return options
}

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
