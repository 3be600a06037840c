import { usageFailure } from '../../errors/failure.ts'
import type { Needs } from '../../host/limits.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import { LEAST_SLOT } from '../own/ovls.ts'

/** Open files of a QEMU process, most of them event descriptors of virtio devices; measured: 97 to 111. */
const FILES_OF_QEMU = 160
/** Open files of this program, and those for each VM: its control port, QMP and ssh. */
const FILES_OF_RUNNER = 64
const FILES_OF_VM = 6
/** Threads of a QEMU process besides its vCPUs. */
const THREADS_OF_VM = 4
/** Switches, locks, and threads of this program and of the commands that pack ovls. */
const PROCESSES_BESIDE = 32

/** Slots on a VM's PCI bus that other devices leave for interfaces and ovls; measured. */
const SLOTS = 28

/**
 * Checks that each VM has a PCI slot for each of its interfaces and ovl disks.
 * @param ovls the number of ovl disks, including that of netns
 * @throws Failure TOO_MANY_DEVICES (exit 2) naming the VM and the numbers
 */
export function requireSlots(plans: readonly NodePlan[], ovls: number): void {
  const full = plans.find(({ nets }) => nets.length + ovls > SLOTS)
  if (!full) return
  const needed = `${full.nets.length} interfaces and ${ovls} ovls need ${full.nets.length + ovls} PCI slots`
  throw usageFailure('TOO_MANY_DEVICES', `${full.name}: ${needed}, but a VM has ${SLOTS}`, {
    hint: 'give it fewer nets (--nets-vm, --nets<N>), or pack several ovls as one',
  })
}

/** The resource limits that a cluster needs. */
export const needsOf = (plans: readonly NodePlan[]): Needs => {
  const memoryBytes = Math.max(...plans.map(({ memoryMiB }) => memoryMiB)) * 2 ** 20
  return {
    openFiles: Math.max(FILES_OF_QEMU, FILES_OF_RUNNER + FILES_OF_VM * plans.length),
    // A template's memory is one file.
    fileBytes: Math.max(LEAST_SLOT, memoryBytes),
    processes: PROCESSES_BESIDE + plans.reduce((sum, { cpus }) => sum + cpus + THREADS_OF_VM, 0),
  }
}
