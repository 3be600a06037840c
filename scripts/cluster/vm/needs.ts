import { usageFailure } from '../../errors/failure.ts'
import type { Needs } from '../../host/limits.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import { LEAST_SLOT } from '../own/ovls.ts'

/** Files that a QEMU has open, most of them event descriptors of its virtio devices; measured: 97 to 111. */
const FILES_OF_QEMU = 160
/** Files that this program has open itself, and for each VM: its control port, its QMP, its ssh. */
const FILES_OF_RUNNER = 64
const FILES_OF_VM = 6
/** Threads of a QEMU besides those of its CPUs. */
const THREADS_OF_VM = 4
/** Switches, locks, the threads of this program and of what packs ovls. */
const PROCESSES_BESIDE = 32

/** Places on a VM's PCI bus for interfaces and ovls, measured: what QEMU and we have there besides leaves so many. */
const SLOTS = 28

/**
 * Checks that each VM has a place for all its interfaces and for the disks of all ovls.
 * @param ovls how many disks, with that of netns itself
 * @throws Failure TOO_MANY_DEVICES (exit 2) naming the VM and the numbers
 */
export function requireSlots(plans: readonly NodePlan[], ovls: number): void {
  const full = plans.find(({ nets }) => nets.length + ovls > SLOTS)
  if (!full) return
  const needed = `${full.nets.length} interfaces and ${ovls} ovls need ${full.nets.length + ovls} places on the PCI bus`
  throw usageFailure('TOO_MANY_DEVICES', `${full.name}: ${needed}, and a VM has ${SLOTS}`, {
    hint: 'give it fewer nets (--nets-vm, --nets<N>), or pack several ovls as one',
  })
}

/** What a cluster takes of the limits of this process. */
export const needsOf = (plans: readonly NodePlan[]): Needs => {
  const memoryBytes = Math.max(...plans.map(({ memoryMiB }) => memoryMiB)) * 2 ** 20
  return {
    openFiles: Math.max(FILES_OF_QEMU, FILES_OF_RUNNER + FILES_OF_VM * plans.length),
    // The memory of a template is a file.
    fileBytes: Math.max(LEAST_SLOT, memoryBytes),
    processes: PROCESSES_BESIDE + plans.reduce((sum, { cpus }) => sum + cpus + THREADS_OF_VM, 0),
  }
}
