import fs from 'node:fs'

/** Default limit of {@link readEnd}: a VM may flood its console, and consoles of a hundred VMs are read at once. */
const MAX_BYTES = 2 * 2 ** 20

/** The last line of a console that has reached its limit. */
export const describeFull = (bytes: number): string =>
  `(this console is full: output after ${bytes / 2 ** 20} MiB was dropped)`

/** Sizes in bytes. */
interface EndOptions {
  readonly limit?: number
  /** Size limit of the file; {@link describeFull} is appended at that size. */
  readonly maxSize?: number
}

/**
 * Reads the end of a file that a VM writes. A first line reports how many earlier bytes were dropped.
 * @returns undefined when the file does not exist
 * @throws the system's error
 */
export function readEnd(file: string, { limit = MAX_BYTES, maxSize }: EndOptions = {}): string | undefined {
  let descriptor: number
  try {
    descriptor = fs.openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { size } = fs.fstatSync(descriptor)
    const dropped = Math.max(0, size - limit)
    const buffer = Buffer.alloc(size - dropped)
    const length = fs.readSync(descriptor, buffer, 0, buffer.length, dropped)
    const text = buffer.toString('utf8', 0, length)
    const end = maxSize !== undefined && size >= maxSize ? `\n${describeFull(maxSize)}\n` : ''
    return dropped > 0 ? `(${dropped} earlier bytes were dropped)\n${text}${end}` : `${text}${end}`
  } finally {
    fs.closeSync(descriptor)
  }
}
