import fs from 'node:fs'

/** A VM that floods its console must not fill the memory of whoever reads it; those of a hundred VMs are read at once. */
const MOST_BYTES = 2 * 2 ** 20

/** What the last line of a console says that has reached its limit. */
export const describeFull = (bytes: number): string =>
  `(this console is full: what came after ${bytes / 2 ** 20} MiB was dropped)`

/** Sizes in bytes. */
interface EndOptions {
  /** How much is read. */
  readonly most?: number
  /** How large the file can get; at that size a last line says so. */
  readonly full?: number
}

/**
 * The end of a file that a VM writes, as text; a first line says how much before it was dropped.
 * @returns undefined when the file is not there
 * @throws the system's error
 */
export function readEnd(file: string, { most = MOST_BYTES, full }: EndOptions = {}): string | undefined {
  let descriptor: number
  try {
    descriptor = fs.openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { size } = fs.fstatSync(descriptor)
    const dropped = Math.max(0, size - most)
    const buffer = Buffer.alloc(size - dropped)
    const length = fs.readSync(descriptor, buffer, 0, buffer.length, dropped)
    const text = buffer.toString('utf8', 0, length)
    const end = full !== undefined && size >= full ? `\n${describeFull(full)}\n` : ''
    return dropped > 0 ? `(${dropped} bytes before this were dropped)\n${text}${end}` : `${text}${end}`
  } finally {
    fs.closeSync(descriptor)
  }
}
