import fs from 'node:fs'
import { environmentFailure } from '../../errors/failure.ts'
import { memoryRoom } from '../../host/control-groups.ts'
import type { NodePlan } from '../../settings/nodes.ts'

/** What VMs are to hold and how they start: it decides what they take. */
export interface Load {
  /** Boot each, instead of going on from a template whose memory all share. */
  readonly cold: boolean
  readonly podsPerNode: number
}

/**
 * MiB of one emulated VM in the middle of a test, its part of what several share included (PSS, docs/performance.md): of a clone what it has
 * written, and what QEMU translated; of a VM that booted all that a boot touches.
 */
const CLONE_MIB = 95
const BOOTED_MIB = 200
/** Of each POD. */
const POD_MIB = 0.7
/** The kernel's own bookkeeping of memory, a `struct page` of 64 bytes for each 4 KiB: a boot writes it. */
const BOOKKEEPING = 64 / 4096

/**
 * Refuses a cluster for which the host has no memory, before the kernel has to choose a process to kill.
 * @param meminfo the text of /proc/meminfo
 * @param room bytes that the limits of a container leave
 * @throws Failure NO_MEMORY (exit 3) with the estimate
 */
export function checkMemory(
  plans: readonly NodePlan[],
  load: Load,
  meminfo = fs.readFileSync('/proc/meminfo', 'utf8'),
  room = memoryRoom(),
): void {
  const needed = plans.reduce((sum, plan) => sum + needOf(plan, load), 0)
  const hostFree = (kibibytes(meminfo, 'MemAvailable') + kibibytes(meminfo, 'SwapFree')) / 1024
  const free = Math.min(hostFree, room / 2 ** 20)
  if (needed <= free) return
  const where = free < hostFree ? ' under the memory limit of the control group (container) that this runs in' : ''
  const fewer = Math.floor((plans.length * free) / needed)
  throw environmentFailure(
    'NO_MEMORY',
    `${plans.length} VMs need about ${gibibytes(needed)} of memory, and ${gibibytes(free)} are free${where}`,
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
