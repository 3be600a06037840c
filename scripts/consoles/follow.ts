import fs from 'node:fs'
import path from 'node:path'
import { finished } from 'node:stream/promises'
import { namesIn } from '../host/places.ts'
import { plainText } from '../host/text.ts'
import { lineSplitter } from '../ssh/lines.ts'
import { describeFull } from './end-of-file.ts'

/** Files on which VMs write their consoles. */
export interface Consoles {
  readonly directory: string
  /** The name of the VM to which a file of the directory belongs; undefined for what is no console. */
  nodeOf(file: string): string | undefined
  /** How large a file can get, in bytes, where there is a limit. */
  readonly full?: number
}

/** What is done with a line; it has no terminal codes any more. */
export type OnConsoleLine = (node: string, line: string) => void

const PIECE = 64 * 1024

/** The VMs that have a console, in the order of their names. */
export const nodesIn = ({ directory, nodeOf }: Consoles): readonly string[] =>
  namesIn(directory)
    .flatMap(file => nodeOf(file) ?? [])
    .sort()

/** Reads what is on the consoles so far. */
export async function readConsoles(consoles: Consoles, wanted: (node: string) => boolean, onLine: OnConsoleLine) {
  const readers = openConsoles(consoles, wanted, onLine)
  readers.read()
  await readers.close()
}

/**
 * Reads what is on the consoles, and then what comes, told by the system: until the signal is aborted, or the directory is gone,
 * and the cluster with it.
 * @param wanted the VMs; new ones are found when they come
 * @param onCaughtUp called when all that was there has been read
 */
export async function followConsoles(
  consoles: Consoles,
  wanted: (node: string) => boolean,
  onLine: OnConsoleLine,
  onCaughtUp: () => void,
  signal: AbortSignal,
): Promise<void> {
  // It watches before the first reading: what is written in between is an event.
  const watcher = fs.watch(consoles.directory)
  const readers = openConsoles(consoles, wanted, onLine)
  try {
    await new Promise<void>((resolve, reject) => {
      const end = () => resolve()
      signal.addEventListener('abort', end, { once: true })
      watcher.on('error', reject)
      watcher.on('change', () => {
        try {
          readers.read()
        } catch (error) {
          reject(error)
        }
        if (!fs.existsSync(consoles.directory)) end()
      })
      readers.read()
      onCaughtUp()
      if (signal.aborted) end()
    })
    readers.read()
  } finally {
    watcher.close()
    await readers.close()
  }
}

function openConsoles({ directory, nodeOf, full }: Consoles, wanted: (node: string) => boolean, onLine: OnConsoleLine) {
  const readers = new Map<string, ConsoleReader>()
  const read = () => {
    for (const file of namesIn(directory)) {
      const node = nodeOf(file)
      if (node === undefined || !wanted(node) || readers.has(file)) continue
      readers.set(
        file,
        openConsole(path.join(directory, file), full, line => onLine(node, line)),
      )
    }
    for (const reader of readers.values()) reader.read()
  }
  const close = async () => {
    for (const reader of readers.values()) await reader.close()
  }
  return { read, close }
}

interface ConsoleReader {
  /** Takes what was written since the last time. */
  read(): void
  /** Takes the last line, if its end never came. */
  close(): Promise<void>
}

/** Keeps the file open: what was written in it can be read when it has been removed. */
function openConsole(file: string, full: number | undefined, onLine: (line: string) => void): ConsoleReader {
  const descriptor = fs.openSync(file, 'r')
  const lines = lineSplitter(line => onLine(plainText(line)))
  const buffer = Buffer.alloc(PIECE)
  let position = 0
  let isFull = false
  const read = () => {
    for (let length = -1; length !== 0; position += length) {
      length = fs.readSync(descriptor, buffer, 0, PIECE, position)
      lines.write(Buffer.from(buffer.subarray(0, length)))
    }
    if (full === undefined || position < full || isFull) return
    isFull = true
    lines.write(`\n${describeFull(full)}\n`)
  }
  const close = async () => {
    await finished(lines.end())
    fs.closeSync(descriptor)
  }
  return { read, close }
}
