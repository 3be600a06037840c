import { Parser, type ReadEntry } from 'tar'

export interface TarHandlers {
  /** Gets each member, and must consume or skip it before it returns: the parser does not buffer. May throw. */
  onMember(entry: ReadEntry): void
  /** @returns the error to throw for a damaged archive */
  corrupt(why: string): Error
  /** @returns the error to throw for a member of an unsupported type */
  unsupported(member: string, why: string, hint: string): Error
}

/** Parses a tar archive synchronously, chunk by chunk. */
export interface TarReader {
  /** @throws errors of the handlers, at the latest with the chunk that caused them */
  write(chunk: Buffer): void
  /** @throws as `write`, and for a truncated archive */
  end(): void
}

export const TRUNCATED = 'it is truncated'

/**
 * GNU tar's three pax formats for sparse files use this key; the content then is, or begins with, a map of the data.
 */
const SPARSE = 'GNU.sparse.'
const REPACK_HINT = 'unpack it, and pack it again with tar --format=ustar'

/**
 * Parses untrusted tar archives: strict, never compressed, and without members that tar implementations interpret
 * differently.
 */
export function tarStream({ onMember, corrupt, unsupported }: TarHandlers): TarReader {
  let failure: unknown
  let failed = false
  let start: Buffer | undefined = Buffer.alloc(0)
  let sawEnd = false
  let isSparse = false
  /** Exceptions must not pass through the parser: they would leave it in the middle of a block. */
  const guarded = (task: () => void) => {
    if (failed) return
    try {
      task()
    } catch (error) {
      failed = true
      failure = error
    }
  }
  const fail = (error: Error) =>
    guarded(() => {
      throw error
    })

  const parser = new Parser({ strict: true, zstd: false })
  parser.on('error', (error: Error) => fail(corrupt(withoutCode(error))))
  parser.on('eof', () => {
    sawEnd = true
  })
  parser.on('meta', (text: string) => {
    isSparse ||= text.includes(SPARSE)
  })
  const refuseSparse = ({ path, type }: ReadEntry) => {
    if (isSparse || type === 'SparseFile') fail(unsupported(path, 'it is a sparse file', REPACK_HINT))
  }
  // Unknown types, and headers above the parser's limit.
  parser.on('ignoredEntry', (entry: ReadEntry) => {
    refuseSparse(entry)
    fail(unsupported(entry.path, `it is a ${entry.type}`, ''))
  })
  parser.on('entry', (entry: ReadEntry) => {
    refuseSparse(entry)
    guarded(() => onMember(entry))
    if (failed) entry.resume()
  })

  const write = (chunk: Buffer) => {
    // The parser would buffer data after the end-of-archive marker.
    if (!sawEnd) {
      let next = chunk
      if (start) {
        start = Buffer.concat([start, chunk])
        if (start.length < 2) return
        // The parser would decompress it without limits.
        if (start[0] === 0x1f && start[1] === 0x8b) throw corrupt('it is compressed twice')
        next = start
        start = undefined
      }
      parser.write(next)
    }
    if (failed) throw failure
  }
  const end = () => {
    parser.end()
    if (failed) throw failure
    if (!sawEnd) throw corrupt(TRUNCATED)
  }
  return { write, end }
}

/** Strips the parser's own error code. */
const withoutCode = ({ message }: Error): string => message.replace(/^TAR_\w+: /, '')
