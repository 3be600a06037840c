/** A directory, or a file with its content. */
export interface CpioEntry {
  readonly name: string
  /** With the type: `0o040755`, `0o100644`. */
  readonly mode: number
  readonly content?: Buffer
}

const MAGIC = '070701'
const TRAILER = 'TRAILER!!!'

/**
 * An archive in the format `newc` that the kernel unpacks as its initial root (Documentation/driver-api/early-userspace):
 * owned by root, with the time 0. Versions of cpio write different numbers of links.
 */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const all = [...entries, { name: TRAILER, mode: 0 }]
  const parts = all.flatMap(({ name, mode, content = Buffer.alloc(0) }: CpioEntry, index) => {
    const isTrailer = name === TRAILER
    const [inode, links] = isTrailer ? [0, 1] : [index + 1, mode & 0o040000 && content.length === 0 ? 2 : 1]
    // inode, mode, user, group, links, time, size, device (2), device of a device file (2), length of the name, checksum
    const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, Buffer.byteLength(name) + 1, 0]
    const header = Buffer.from(`${MAGIC}${fields.map(hex).join('')}${name}\0`)
    return [padded(header, 4), padded(content, 4)]
  })
  return padded(Buffer.concat(parts), 512)
}

const hex = (number: number): string => number.toString(16).toUpperCase().padStart(8, '0')

const padded = (bytes: Buffer, unit: number): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((unit - (bytes.length % unit)) % unit)])
