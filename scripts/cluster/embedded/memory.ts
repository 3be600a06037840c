import fs from 'node:fs'
import { environmentFailure } from '../../errors/failure.ts'
import type { NodePlan } from '../../settings/nodes.ts'

/** What QEMU itself takes beside the guest's memory: most of it is what it translates. */
const QEMU_MIB = 90
/** A guest of 256 MiB that runs a test has touched about half of it. */
const TOUCHED = 0.5

/**
 * Refuses a cluster for which the host has no memory, before the kernel has to choose a process to kill.
 * @param meminfo the text of /proc/meminfo
 * @throws Failure NO_MEMORY (exit 3) with the estimate
 */
export function checkMemory(plans: readonly NodePlan[], meminfo = fs.readFileSync('/proc/meminfo', 'utf8')): void {
  const needed = plans.reduce((sum, plan) => sum + plan.memoryMiB * TOUCHED + QEMU_MIB, 0)
  const free = kibibytes(meminfo, 'MemAvailable') + kibibytes(meminfo, 'SwapFree')
  if (needed * 1024 <= free) return
  throw environmentFailure(
    'NO_MEMORY',
    `${plans.length} VMs need about ${gibibytes(needed)} of memory, and ${gibibytes(free / 1024)} are free`,
    { hint: 'give them less with --mem, or start fewer with --nvm' },
  )
}

const kibibytes = (meminfo: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0)

const gibibytes = (mebibytes: number): string => `${(mebibytes / 1024).toFixed(1)} GiB`
