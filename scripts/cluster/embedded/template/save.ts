import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { infrastructureFailure } from '../../../errors/failure.ts'
import { consoleTail } from '../consoles.ts'
import {
  type Machine,
  type MachineParts,
  type MachinePlan,
  macAddress,
  startMachine,
  WITHOUT_MEMORY,
} from '../machine.ts'
import type { Hardware } from './template.ts'

export const RAM = 'ram'
export const STATE = 'state'

export interface SaveRequest {
  /** Gets the files. */
  readonly directory: string
  readonly clusterDirectory: string
  readonly hardware: Hardware
  readonly parts: MachineParts
  readonly slots: readonly number[]
  readonly signal: AbortSignal
}

const NAME = 'template'
const PATIENCE_MS = 60_000
const CONSOLE_LINES = 5

/**
 * Boots a VM up to where it would be told who it is, and saves it there: its memory as the file that it has run on, its devices as QEMU
 * sends them to another QEMU.
 * @throws Failure NO_TEMPLATE (exit 4); the signal's reason when that is aborted
 */
export async function saveTemplate(request: SaveRequest): Promise<void> {
  const { directory, clusterDirectory, hardware, parts, slots, signal } = request
  const disks = slots.map((bytes, index) => emptyDisk(path.join(clusterDirectory, `${NAME}-${index}.disk`), bytes))
  const machine = startMachine(
    planOf(hardware),
    clusterDirectory,
    { ...parts, disks: [...parts.disks, ...disks] },
    { memory: { file: path.join(directory, RAM), written: true } },
  )
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])
  const over = new Promise<never>((_, reject) => {
    patience.addEventListener('abort', () => reject(patience.reason), { once: true })
    machine.ended.then(how => reject(new Error(`its QEMU ${how}`)))
  })
  over.catch(() => {}) // may come after the last wait for it
  try {
    await Promise.race([machine.control.reached('ready'), over])
    await Promise.race([saveState(machine, clusterDirectory, path.join(directory, STATE)), over])
  } catch (error) {
    signal.throwIfAborted()
    const why = patience.aborted ? `it did not get ready in ${PATIENCE_MS / 1000} s` : (error as Error).message
    const tail = consoleTail(clusterDirectory, NAME, CONSOLE_LINES).map(line => `\n  ${line}`)
    throw infrastructureFailure('NO_TEMPLATE', `no template could be saved: ${why}${tail.join('')}`, { cause: error })
  } finally {
    await machine.kill()
    for (const disk of disks) fs.rmSync(disk, { force: true })
  }
}

/** What other disks take the place of: of the same size, and with nothing in it. */
function emptyDisk(file: string, bytes: number): string {
  fs.closeSync(fs.openSync(file, 'w', 0o600))
  fs.truncateSync(file, bytes)
  return file
}

/** Interfaces that lead nowhere: whatever takes their place has no state of its own. */
const planOf = ({ memoryMiB, cpus, interfaces }: Hardware): MachinePlan => ({
  name: NAME,
  memoryMiB,
  cpus,
  interfaces: Array.from({ length: interfaces }, (_, index) => ({
    id: `eth${index}`,
    backend: `hubport,id=eth${index},hubid=${index}`,
    mac: macAddress(index, 0),
  })),
})

async function saveState({ qmp }: Machine, clusterDirectory: string, file: string): Promise<void> {
  const socket = `${NAME}.socket`
  const server = net.createServer().listen(path.join(clusterDirectory, socket))
  try {
    await once(server, 'listening')
    const events = { capability: 'events', state: true }
    await qmp.execute('migrate-set-capabilities', { capabilities: [WITHOUT_MEMORY, events] })
    const end = qmp.event('MIGRATION', ({ status }) => status === 'completed' || status === 'failed')
    const [[connection]] = await Promise.all([
      once(server, 'connection'),
      qmp.execute('migrate', { uri: `unix:${socket}` }),
    ])
    await pipeline(connection as net.Socket, fs.createWriteStream(file))
    const { status } = await end
    if (status !== 'completed') throw new Error('QEMU could not save its state')
  } finally {
    server.close()
  }
}
