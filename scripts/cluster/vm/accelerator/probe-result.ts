import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { callersEnvironment } from '../../../host/environment.ts'
import { tryStat } from '../../../host/files.ts'
import { searchPath } from '../../../host/requirements.ts'
import { machineId } from '../../../host/this-host.ts'
import { type GuestArchitecture, nativeArchitecture } from '../../../settings/guest.ts'
import { MACHINE_TYPES } from '../architectures.ts'

const FILE = 'kvm.json'

/** True when a guest booted with KVM; otherwise the reason why it did not. */
export type ProbeResult = true | string

/** The stored result for this host, kernel and QEMU. */
export const readProbeResult = (cacheDirectory: string): ProbeResult | undefined =>
  readResults(cacheDirectory)[hostAndQemu()]

/** Stores a result. A read-only cache is not an error: KVM is then tested in each run. */
export function storeProbeResult(cacheDirectory: string, result: ProbeResult): void {
  const file = path.join(cacheDirectory, FILE)
  const own = `${file}.${process.pid}`
  try {
    fs.writeFileSync(
      own,
      `${JSON.stringify({ ...readResults(cacheDirectory), [hostAndQemu()]: result }, undefined, 2)}\n`,
    )
    fs.renameSync(own, file)
  } catch {
    fs.rmSync(own, { force: true })
  }
}

/**
 * Identifies everything that a result depends on: this host, its kernel and its QEMU. The size and time of QEMU's file
 * stand for its version, which would cost a process in each run.
 */
export const hostAndQemu = (architecture: GuestArchitecture = nativeArchitecture()): string =>
  [os.hostname(), machineId(), os.release(), os.cpus()[0]?.model ?? '', qemuFile(architecture)].join('|')

function qemuFile(architecture: GuestArchitecture): string {
  for (const place of searchPath(callersEnvironment)) {
    const stat = tryStat(path.join(place, MACHINE_TYPES[architecture].qemu))
    if (stat) return `${stat.size}/${stat.mtimeMs}`
  }
  return 'no QEMU'
}

function readResults(cacheDirectory: string): Record<string, ProbeResult> {
  try {
    const results: unknown = JSON.parse(fs.readFileSync(path.join(cacheDirectory, FILE), 'utf8'))
    const entries = Object.entries(results as object).filter(
      ([, result]) => result === true || typeof result === 'string',
    )
    return Object.fromEntries(entries)
  } catch {
    return {} // missing or damaged
  }
}
