import fs from 'node:fs'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import type { GuestArchitecture } from '../../settings/guest.ts'
import { macAddress } from '../../settings/mac-address.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import { consoleFile, MOST_CONSOLE_BYTES } from '../own/consoles.ts'
import { spawnInCluster } from '../own/spawn.ts'
import { MACHINE_TYPES } from './architectures.ts'
import { type Control, openControl } from './control.ts'
import { openQmp, type Qmp } from './qmp.ts'
import { switchDirectory } from './sockets.ts'

/** The parts that all VMs of a cluster share. */
export interface MachineParts {
  readonly kernel: string
  readonly initrd: string
  /** squashfs images: the root file system, then the ovls from the lowest layer to the highest. */
  readonly disks: readonly string[]
  readonly accelerator: 'kvm' | 'tcg'
  readonly architecture: GuestArchitecture
}

/** The virtual hardware of a machine. */
export interface MachinePlan {
  /** Used for its process and its files. */
  readonly name: string
  readonly memoryMiB: number
  readonly cpus: number
  readonly interfaces: readonly {
    /** Value of QEMU's `-netdev`, with `id`. */
    readonly backend: string
    readonly id: string
    readonly mac: string
  }[]
}

/** A file that backs guest memory. When `written` is false, the mapping is private and the file stays unchanged. */
export interface MemoryFile {
  readonly file: string
  readonly written: boolean
}

export interface MachineOptions {
  readonly memory?: MemoryFile
  /** A file descriptor to restore the device state from, instead of booting. */
  readonly state?: number
}

/** A VM whose QEMU was started. */
export interface Machine {
  readonly control: Control
  readonly qmp: Qmp
  /** The port on 127.0.0.1 that is forwarded to its ssh server. */
  sshPort(): Promise<number>
  /** Resolves with the reason when the VM ends: `was ended by SIGKILL`, `exited with 1: <QEMU's last line>`. */
  readonly ended: Promise<string>
  /** Closes all connections and leaves the VM running. */
  release(): void
  /** Kills QEMU; resolves when it has ended. */
  kill(): Promise<void>
}

/**
 * vde_switch silently drops frames with a payload above 1504 bytes (1500 and a VLAN tag), and has no option for it.
 * With virtio-net's `host_mtu` the guest's kernel refuses a larger MTU.
 */
const MTU = 1500

/** QEMU inherits its sockets, so that no other process can connect to them. */
const QMP_FD = 3
const CONTROL_FD = 4
const STATE_FD = 5

export const planOf = ({ name, number, memoryMiB, cpus, nets }: NodePlan): MachinePlan => ({
  name,
  memoryMiB,
  cpus,
  interfaces: nets.map(net => ({ id: `eth${net}`, backend: netdev(net, number), mac: macAddress(net, number) })),
})

/** Starts QEMU in the cluster's directory, to which the names of its files are relative. */
export function startMachine(
  plan: MachinePlan,
  clusterDirectory: string,
  parts: MachineParts,
  options: MachineOptions = {},
): Machine {
  const { state } = options
  // QEMU appends to the console, so that it can be truncated while the VM runs. Remove the output of an earlier VM.
  fs.writeFileSync(path.join(clusterDirectory, consoleFile(plan.name)), '', { mode: 0o600 })
  const { child, ended, errors } = spawnInCluster(plan.name, clusterDirectory, qemuCommand(plan, parts, options), {
    pipes: 2,
    files: state === undefined ? [] : [state],
    ...(options.memory?.written !== true && { mostBytes: MOST_CONSOLE_BYTES }),
  })
  const control = openControl(child.stdio[CONTROL_FD] as Duplex)
  const qmp = openQmp(child.stdio[QMP_FD] as Duplex)
  if (state !== undefined) restoreState(qmp)
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

/** Restores a saved device state. On failure QEMU exits, which `ended` reports. */
function restoreState(qmp: Qmp): void {
  const commands = [
    qmp.execute('migrate-set-capabilities', { capabilities: [WITHOUT_MEMORY] }),
    // No gratuitous ARP: it would announce the template's MAC address.
    qmp.execute('migrate-set-parameters', { 'announce-rounds': 0 }),
    qmp.execute('migrate-incoming', { uri: `fd:${STATE_FD}` }),
  ]
  for (const command of commands) command.catch(() => {})
}

/** Leaves the memory out of the saved state: it is in its own file. */
export const WITHOUT_MEMORY = { capability: 'x-ignore-shared', state: true } as const

const lastLine = (text: string): string => text.slice(text.lastIndexOf('\n') + 1)

function qemuCommand(plan: MachinePlan, parts: MachineParts, options: MachineOptions): string[] {
  const { qemu } = MACHINE_TYPES[parts.architecture]
  const command = [qemu, '-name', plan.name, ...bootOptions(parts, plan.memoryMiB, plan.cpus, options)]
  if (parts.accelerator === 'tcg') command.unshift(...EMULATED_SCHEDULING)
  if (options.state !== undefined) command.push('-incoming', 'defer')
  command.push('-chardev', `file,id=console,append=on,path=${consoleFile(plan.name)}`, '-serial', 'chardev:console')
  command.push('-chardev', `socket,id=qmp,fd=${QMP_FD}`, '-mon', 'chardev=qmp,mode=control')
  command.push('-chardev', `socket,id=control,fd=${CONTROL_FD}`)
  for (const { backend, id, mac } of plan.interfaces) {
    // Without the network boot ROM, which takes time at each start.
    command.push('-netdev', backend, '-device', `virtio-net-pci,netdev=${id},mac=${mac},romfile=,host_mtu=${MTU}`)
  }
  return command
}

/**
 * SCHED_BATCH, which needs no privileges: a VM that wakes up does not preempt another. With many more VMs than CPUs a
 * run takes a tenth less time, and this program, which keeps SCHED_OTHER, is scheduled at once.
 */
const EMULATED_SCHEDULING = ['chrt', '--batch', '0']
/** Size of QEMU's translation cache. With the default of 1 GiB, eight VMs take 12 GiB. */
const TRANSLATION_CACHE_MIB = 96

/**
 * QEMU's options for a machine that boots from an image. The caller adds the character device `control` for its control
 * port.
 */
export function bootOptions(
  { kernel, initrd, disks, accelerator, architecture }: MachineParts,
  memoryMiB: number,
  cpus: number,
  { memory }: Pick<MachineOptions, 'memory'> = {},
): string[] {
  const type = MACHINE_TYPES[architecture]
  const { emulatedCpu, kernel: kernelOptions, emulated: emulatedOptions } = type
  const emulated = accelerator === 'tcg'
  const machine = (emulated ? undefined : type.machineWithKvm) ?? type.machine
  const options = ['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none']
  options.push('-machine', memory ? `${machine},memory-backend=memory` : machine)
  if (memory) options.push('-object', json(memoryBackend(memory, memoryMiB)))
  options.push('-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny')
  if (emulated) options.push('-accel', `tcg,thread=multi,tb-size=${TRANSLATION_CACHE_MIB}`, '-cpu', emulatedCpu)
  else options.push('-accel', 'kvm', '-cpu', 'host')
  options.push('-m', `${memoryMiB}M`, '-smp', String(cpus))
  const line = [kernelOptions, ...(emulated ? emulatedOptions : [])].join(' ')
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

/** QEMU's key=value syntax would need commas in file names doubled. */
const json = (value: unknown): string => JSON.stringify(value)

/**
 * Net 0 only forwards a free port of the host's loopback to ssh: `restrict` denies the guest all other access. The
 * other nets are switches of the cluster.
 */
function netdev(net: number, node: number): string {
  if (net > 0) return `vde,id=eth${net},sock=${switchDirectory(net)}`
  const subnet = 'net=192.168.0.0/24,host=192.168.0.254,dns=192.168.0.253,ipv6=off'
  return `user,id=eth0,restrict=on,${subnet},hostfwd=tcp:127.0.0.1:0-192.168.0.${node}:22`
}

async function forwardedPort(qmp: Qmp): Promise<number> {
  const table = String(await qmp.execute('human-monitor-command', { 'command-line': 'info usernet' }))
  const port = /HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(table)?.[1]
  if (!port) throw new Error(`QEMU forwards no port: ${table}`)
  return Number(port)
}
