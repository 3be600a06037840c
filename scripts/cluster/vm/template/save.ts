import { once } from 'node:events'
import fs from 'node:fs'
import type net from 'node:net'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { infrastructureFailure } from '../../../errors/failure.ts'
import { afterRunning } from '../../../host/deadline.ts'
import { macAddress } from '../../../settings/mac-address.ts'
import { consoleFile, consoleTail } from '../../own/consoles.ts'
import { type Machine, type MachineParts, type MachinePlan, startMachine, WITHOUT_MEMORY } from '../machine.ts'
import { listenIn } from '../sockets.ts'
import type { Hardware } from './hardware.ts'

export const RAM = 'ram'
export const STATE = 'state'

export interface SaveRequest {
  /** Where the files are written. */
  readonly directory: string
  readonly clusterDirectory: string
  readonly hardware: Hardware
  readonly parts: MachineParts
  readonly slots: readonly number[]
  readonly signal: AbortSignal
}

const NAME = 'template'
const TIMEOUT_MS = 60_000
const CONSOLE_LINES = 5

/**
 * Boots a VM until it waits for its identity, and saves it: the memory is the file that backs it, the devices are saved
 * as a migration stream.
 * @throws Failure NO_TEMPLATE (exit 4); the signal's reason when it is aborted
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
  // Aborted by the caller, the timeout, or the end of QEMU.
  const over = new AbortController()
  const onAbort = () => over.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const timeout = new Error(`it did not get ready within ${TIMEOUT_MS / 1000} s`)
  const stopTimer = afterRunning(TIMEOUT_MS, () => over.abort(timeout))
  machine.ended.then(how => over.abort(new Error(`its QEMU ${how}`)))
  try {
    signal.throwIfAborted()
    await untilAborted(machine.control.reached('ready'), over.signal)
    await saveState(machine, clusterDirectory, path.join(directory, STATE), over.signal)
  } catch (error) {
    signal.throwIfAborted()
    const why = ((over.signal.aborted ? over.signal.reason : error) as Error).message
    const tail = consoleTail(clusterDirectory, NAME, CONSOLE_LINES).map(line => `\n  ${line}`)
    throw infrastructureFailure('NO_TEMPLATE', `no template could be saved: ${why}${tail.join('')}`, { cause: error })
  } finally {
    stopTimer()
    signal.removeEventListener('abort', onAbort)
    await machine.kill()
    // `logs` would take its console for one of a node.
    for (const file of [...disks, path.join(clusterDirectory, consoleFile(NAME))]) fs.rmSync(file, { force: true })
  }
}

/** A sparse placeholder of the same size as the disk that a clone gets. */
function emptyDisk(file: string, bytes: number): string {
  fs.closeSync(fs.openSync(file, 'w', 0o600))
  fs.truncateSync(file, bytes)
  return file
}

/** Interfaces on isolated hubs: a clone's backends have no saved state, so they can replace them. */
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

/** @throws the signal's reason when it is aborted first */
async function untilAborted<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
  })
  return await Promise.race([task, aborted]).finally(() => signal.removeEventListener('abort', abort))
}

async function saveState({ qmp }: Machine, clusterDirectory: string, file: string, signal: AbortSignal): Promise<void> {
  const socket = `${NAME}.socket`
  const server = await listenIn(clusterDirectory, socket)
  try {
    const events = { capability: 'events', state: true }
    await untilAborted(qmp.execute('migrate-set-capabilities', { capabilities: [WITHOUT_MEMORY, events] }), signal)
    const end = qmp.event('MIGRATION', ({ status }) => status === 'completed' || status === 'failed')
    const [[connection]] = await Promise.all([
      once(server, 'connection', { signal }),
      untilAborted(qmp.execute('migrate', { uri: `unix:${socket}` }), signal),
    ])
    await pipeline(connection as net.Socket, fs.createWriteStream(file), { signal })
    const { status } = await untilAborted(end, signal)
    if (status !== 'completed') throw new Error('QEMU could not save its state')
  } finally {
    server.close()
    // The server was bound through a descriptor that is closed now, so Node cannot unlink the socket itself.
    fs.rmSync(path.join(clusterDirectory, socket), { force: true })
  }
}
