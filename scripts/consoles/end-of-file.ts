import fs from 'node:fs'

/** A VM that floods its console must not fill the memory of whoever reads it; those of a hundred VMs are read at once. */
const MOST_BYTES = 2 * 2 ** 20

/**
 * The end of a file that a VM writes, as text; a first line says how much before it was dropped.
 * @returns undefined when the file is not there
 * @throws the system's error
 */
export function readEnd(file: string, most = MOST_BYTES): string | undefined {
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
    return dropped > 0 ? `(${dropped} bytes before this were dropped)\n${text}` : text
  } finally {
    fs.closeSync(descriptor)
  }
}
