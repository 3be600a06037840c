import { Parser, type ReadEntry } from 'tar'

/** What is done with an untrusted tar archive while it is read. */
export interface TarHandlers {
  /** Gets each member at once, and consumes or skips it before it returns: the parser never holds anything back. May throw. */
  onMember(entry: ReadEntry): void
  /** @returns what is thrown for damage, or for what no member may be. */
  corrupt(why: string): Error
  unsupported(member: string, why: string, wayOut: string): Error
}

/** Reads a tar archive that is written to it piece by piece; all of it is synchronous. */
export interface TarReader {
  /** @throws what the handlers throw, once, and at the latest with the piece in which the reason was */
  write(piece: Buffer): void
  /** @throws as `write`, and for an archive that is cut off */
  end(): void
}

/** In GNU tar's three pax formats the content of such a member is a map of its data, or begins with one. */
const SPARSE = 'GNU.sparse.'
const WITHOUT_SPARSE = 'unpack it, and pack it again with tar --format=ustar'

/** Reads tar archives that may be hostile: strictly, never compressed, and nothing that other tars read in another way. */
export function tarStream({ onMember, corrupt, unsupported }: TarHandlers): TarReader {
  let failure: unknown
  let failed = false
  let beginning: Buffer | undefined = Buffer.alloc(0)
  let sawEnd = false
  let isSparse = false
  /** An exception must not cross the parser, which would be left in the middle of a block. */
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
  parser.on('error', (error: Error) => fail(corrupt(inWords(error))))
  parser.on('eof', () => {
    sawEnd = true
  })
  parser.on('meta', (text: string) => {
    isSparse ||= text.includes(SPARSE)
  })
  const refuseSparse = ({ path, type }: ReadEntry) => {
    if (isSparse || type === 'SparseFile') fail(unsupported(path, 'it is a sparse file', WITHOUT_SPARSE))
  }
  // What the parser does not know, or finds too long.
  parser.on('ignoredEntry', (entry: ReadEntry) => {
    refuseSparse(entry)
    fail(unsupported(entry.path, `it is a ${entry.type}`, ''))
  })
  parser.on('entry', (entry: ReadEntry) => {
    refuseSparse(entry)
    guarded(() => onMember(entry))
    if (failed) entry.resume()
  })

  const write = (piece: Buffer) => {
    // The parser would store what follows the end.
    if (!sawEnd) {
      let next = piece
      if (beginning) {
        beginning = Buffer.concat([beginning, piece])
        if (beginning.length < 2) return
        // The parser would unpack it, past all limits.
        if (beginning[0] === 0x1f && beginning[1] === 0x8b) throw corrupt('it is compressed twice')
        next = beginning
        beginning = undefined
      }
      parser.write(next)
    }
    if (failed) throw failure
  }
  const end = () => {
    parser.end()
    if (failed) throw failure
    if (!sawEnd) throw corrupt('it is cut off')
  }
  return { write, end }
}

/** The parser puts its own codes in front. */
const inWords = ({ message }: Error): string => message.replace(/^TAR_\w+: /, '')
