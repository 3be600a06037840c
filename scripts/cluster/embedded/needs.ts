import type { Needs } from '../../host/limits.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import { LEAST_SLOT } from './ovls.ts'

/** Files that a QEMU has open, most of them event descriptors of its virtio devices; measured: 97 to 111. */
const FILES_OF_QEMU = 160
/** Files that this program has open itself, and for each VM: its control port, its QMP, its ssh. */
const FILES_OF_RUNNER = 64
const FILES_OF_VM = 6
/** Threads of a QEMU besides those of its CPUs. */
const THREADS_OF_VM = 4
/** Switches, locks, the threads of this program and of what packs ovls. */
const PROCESSES_BESIDE = 32

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
