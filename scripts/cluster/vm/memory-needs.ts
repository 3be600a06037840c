import fs from 'node:fs'
import { environmentFailure } from '../../errors/failure.ts'
import { availableMemory } from '../../host/control-groups.ts'
import type { NodePlan } from '../../settings/nodes.ts'

/** Properties of a cluster that determine its memory use. */
export interface Load {
  /** Whether each VM boots, instead of sharing the memory of a template. */
  readonly cold: boolean
  readonly podsPerNode: number
}

/**
 * Proportional set size of an emulated VM during a test (docs/performance.md). A clone has the pages that it has
 * written and QEMU's translated code; a booted VM has all pages touched by the boot.
 */
const CLONE_MIB = 95
const BOOTED_MIB = 200
const POD_MIB = 0.7
/** A boot writes a `struct page` of 64 bytes for each 4 KiB of memory. */
const BOOKKEEPING = 64 / 4096

/**
 * Refuses a cluster that needs more memory than is free, before the kernel's OOM killer has to act.
 * @param meminfo the text of /proc/meminfo
 * @param room bytes left by the memory limits of a container
 * @throws Failure NO_MEMORY (exit 3) with the estimate
 */
export function checkMemory(
  plans: readonly NodePlan[],
  load: Load,
  meminfo = fs.readFileSync('/proc/meminfo', 'utf8'),
  room = availableMemory(),
): void {
  const needed = plans.reduce((sum, plan) => sum + needOf(plan, load), 0)
  const hostFree = (kibibytes(meminfo, 'MemAvailable') + kibibytes(meminfo, 'SwapFree')) / 1024
  const free = Math.min(hostFree, room / 2 ** 20)
  if (needed <= free) return
  const where = free < hostFree ? " within the memory limit of this process's control group (container)" : ''
  const fewer = Math.floor((plans.length * free) / needed)
  throw environmentFailure(
    'NO_MEMORY',
    `${plans.length} VMs need about ${gibibytes(needed)} of memory, but ${gibibytes(free)} are free${where}`,
    {
      hint: `there is room for about ${fewer}${load.cold ? ', and for twice as many without --cold' : ''} (--nvm)`,
    },
  )
}

function needOf({ role, memoryMiB }: NodePlan, { cold, podsPerNode }: Load): number {
  const pods = role === 'worker' ? podsPerNode * POD_MIB : 0
  return (cold ? BOOTED_MIB + memoryMiB * BOOKKEEPING : CLONE_MIB) + pods
}

const kibibytes = (meminfo: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0)

const gibibytes = (mebibytes: number): string => `${(mebibytes / 1024).toFixed(1)} GiB`
