import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { callersEnvironment } from '../../../host/environment.ts'
import { lookAt } from '../../../host/places.ts'
import { searchPath } from '../../../host/requirements.ts'
import { machineId } from '../../../host/this-host.ts'

const FILE = 'kvm.json'

/** Whether a guest came up with KVM, or why it did not. */
export type Answer = true | string

/** What was found out on this host, with its kernel and QEMU, if it was. */
export const readProbeResult = (cacheDirectory: string): Answer | undefined =>
  readAnswers(cacheDirectory)[hostAndQemu()]

/** Keeps an answer. A cache that cannot be written to is no hindrance: it is found out again. */
export function storeProbeResult(cacheDirectory: string, answer: Answer): void {
  const file = path.join(cacheDirectory, FILE)
  const own = `${file}.${process.pid}`
  try {
    fs.writeFileSync(
      own,
      `${JSON.stringify({ ...readAnswers(cacheDirectory), [hostAndQemu()]: answer }, undefined, 2)}\n`,
    )
    fs.renameSync(own, file)
  } catch {
    fs.rmSync(own, { force: true })
  }
}

/** Names this host, its kernel and its QEMU: all that the answer depends on. QEMU is known by its file: asking for its version would cost every run a process. */
export const hostAndQemu = (): string =>
  [os.hostname(), machineId(), os.release(), os.cpus()[0]?.model ?? '', qemuFile()].join('|')

function qemuFile(): string {
  for (const place of searchPath(callersEnvironment)) {
    const stat = lookAt(path.join(place, 'qemu-system-x86_64'))
    if (stat) return `${stat.size}/${stat.mtimeMs}`
  }
  return 'no QEMU'
}

function readAnswers(cacheDirectory: string): Record<string, Answer> {
  try {
    const answers: unknown = JSON.parse(fs.readFileSync(path.join(cacheDirectory, FILE), 'utf8'))
    const entries = Object.entries(answers as object).filter(
      ([, answer]) => answer === true || typeof answer === 'string',
    )
    return Object.fromEntries(entries)
  } catch {
    return {} // nothing remembered, or damaged: it is found out again
  }
}
