import { once } from 'node:events'
import fs from 'node:fs'
import type net from 'node:net'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { infrastructureFailure } from '../../../errors/failure.ts'
import { afterRunning } from '../../../host/deadline.ts'
import { macAddress } from '../../../settings/mac-address.ts'
import { consoleTail } from '../../own/consoles.ts'
import { type Machine, type MachineParts, type MachinePlan, startMachine, WITHOUT_MEMORY } from '../machine.ts'
import { listenIn } from '../sockets.ts'
import type { Hardware } from './hardware.ts'

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
  // What ends all waiting: the caller, the time limit, the end of QEMU.
  const over = new AbortController()
  const onAbort = () => over.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const tooLate = new Error(`it did not get ready in ${PATIENCE_MS / 1000} s`)
  const stopTimer = afterRunning(PATIENCE_MS, () => over.abort(tooLate))
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

/** @throws the signal's reason when that is aborted first */
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
    // Its name was that of a descriptor that is closed: the next template of the cluster would find it taken.
    fs.rmSync(path.join(clusterDirectory, socket), { force: true })
  }
}
