import fs from 'node:fs'
import path from 'node:path'
import { finished } from 'node:stream/promises'
import { entryNames } from '../host/files.ts'
import { plainText } from '../host/text.ts'
import { lineSplitter } from '../ssh/lines.ts'
import { describeFull } from './end-of-file.ts'

/** Files to which consoles of VMs are written. */
export interface Consoles {
  readonly directory: string
  /** The VM to which a file in the directory belongs; undefined for other files. */
  nodeOf(file: string): string | undefined
  readonly maxSize?: number
}

/** Gets a line without terminal codes. */
export type OnConsoleLine = (node: string, line: string) => void

const CHUNK_BYTES = 64 * 1024

/** VMs with a console, sorted by name. */
export const nodesIn = ({ directory, nodeOf }: Consoles): readonly string[] =>
  entryNames(directory)
    .flatMap(file => nodeOf(file) ?? [])
    .sort()

/** Reads the current content of consoles. */
export async function readConsoles(consoles: Consoles, wanted: (node: string) => boolean, onLine: OnConsoleLine) {
  const readers = openConsoles(consoles, wanted, onLine)
  readers.read()
  await readers.close()
}

/**
 * Reads consoles and follows them, until the signal is aborted or the directory is deleted with its cluster.
 * @param wanted selects VMs, including new ones
 * @param onCaughtUp called after the existing content was read
 */
export async function followConsoles(
  consoles: Consoles,
  wanted: (node: string) => boolean,
  onLine: OnConsoleLine,
  onCaughtUp: () => void,
  signal: AbortSignal,
): Promise<void> {
  // Before the first read, so that nothing is missed in between.
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

function openConsoles(
  { directory, nodeOf, maxSize }: Consoles,
  wanted: (node: string) => boolean,
  onLine: OnConsoleLine,
) {
  const readers = new Map<string, ConsoleReader>()
  const read = () => {
    for (const file of entryNames(directory)) {
      const node = nodeOf(file)
      if (node === undefined || !wanted(node) || readers.has(file)) continue
      readers.set(
        file,
        openConsole(path.join(directory, file), maxSize, line => onLine(node, line)),
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
  /** Reads what was written since the last call. */
  read(): void
  /** Reports a last line without a newline, and closes the file. */
  close(): Promise<void>
}

/** Keeps the file open, so that it can be read after it is deleted. */
function openConsole(file: string, maxSize: number | undefined, onLine: (line: string) => void): ConsoleReader {
  const descriptor = fs.openSync(file, 'r')
  const lines = lineSplitter(line => onLine(plainText(line)))
  const buffer = Buffer.alloc(CHUNK_BYTES)
  let position = 0
  let isFull = false
  const read = () => {
    for (let length = -1; length !== 0; position += length) {
      length = fs.readSync(descriptor, buffer, 0, CHUNK_BYTES, position)
      lines.write(Buffer.from(buffer.subarray(0, length)))
    }
    if (maxSize === undefined || position < maxSize || isFull) return
    isFull = true
    lines.write(`\n${describeFull(maxSize)}\n`)
  }
  const close = async () => {
    await finished(lines.end())
    fs.closeSync(descriptor)
  }
  return { read, close }
}
