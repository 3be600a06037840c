import { Parser, type ReadEntry } from 'tar'
import { type Failure, testFailure } from '../errors/failure.ts'
import type { Content } from './member.ts'
import { corruptArchive, type Sink, unpack } from './unpack.ts'

/** A file taken out of an archive. */
export interface ArchiveFile {
  readonly path: string
  readonly executable: boolean
  readonly content: Content
}

/** How much of a stranger's archive is endured before it is taken for a bomb. */
export interface Limits {
  /** Of the whole archive, unpacked. */
  readonly archiveBytes: number
  /** Of a member that is taken, and so held in memory. */
  readonly memberBytes: number
  readonly members: number
}

/** The largest releases that there are have a tenth of this. */
export const LIMITS: Limits = { archiveBytes: 512 * 2 ** 20, memberBytes: 128 * 2 ** 20, members: 10_000 }

const REGULAR_FILES = ['File', 'OldFile', 'ContiguousFile']

/**
 * Reads regular files out of a compressed tar archive, into memory: nothing of it gets to a disk under a name that it chose, which
 * rules out what links, `..` and races could do there.
 *
 * The whole archive is read and must be sound: a link, device, absolute or climbing name anywhere in it is an attack or a mistake,
 * and neither is to be installed. What follows the tar's own end is ignored, as every tar does.
 * @param wanted tells by its path, without a leading `./`, whether a file is taken
 * @throws Failure (exit 1) ARCHIVE_CORRUPT, ARCHIVE_UNSAFE, ARCHIVE_TOO_LARGE, naming archive and member; of {@link unpack}
 */
export async function readArchive(
  file: string,
  wanted: (path: string) => boolean,
  { signal, limits = LIMITS }: { readonly signal?: AbortSignal | undefined; readonly limits?: Limits } = {},
): Promise<readonly ArchiveFile[]> {
  const { write, end, where } = tarReader(file, wanted, limits)
  await unpack(file, write, { signal, where })
  return end()
}

/**
 * Takes a tar archive piece by piece. Everything in here is synchronous: an entry that comes is consumed at once, so the parser
 * never holds anything back.
 */
export function tarReader(file: string, wanted: (path: string) => boolean, limits: Limits) {
  const files: ArchiveFile[] = []
  const seen = new Set<string>()
  let failure: Failure | undefined
  let bytes = 0
  let beginning: Buffer | undefined = Buffer.alloc(0)
  let sawEnd = false
  let last = ''
  const fail = (reason: Failure) => {
    failure ??= reason
  }

  const parser = new Parser({ strict: true, zstd: false })
  parser.on('error', (error: Error) => fail(corruptArchive(memberOf(file, last), inWords(error))))
  parser.on('eof', () => {
    sawEnd = true
  })
  // What the parser does not know, or finds too long.
  parser.on('ignoredEntry', (entry: ReadEntry) => fail(unsafe(file, entry.path, `it is a ${entry.type}`)))
  parser.on('entry', (entry: ReadEntry) => {
    last = entry.path
    const path = entry.path.replace(/^(\.\/)+/, '')
    const isDirectory = entry.type === 'Directory'
    if (!isDirectory && !REGULAR_FILES.includes(entry.type)) fail(unsafe(file, last, `it is a ${entry.type}`))
    if (leadsOut(last)) fail(unsafe(file, last, 'its name leads out of the archive'))
    if (!isDirectory && seen.has(path)) fail(corruptArchive(memberOf(file, last), 'it is there twice'))
    seen.add(path)
    const isTaken = !isDirectory && wanted(path)
    if (isTaken && entry.size > limits.memberBytes) fail(tooLarge(file, last, mebibytes(limits.memberBytes)))
    if (seen.size > limits.members) fail(tooLarge(file, last, `${limits.members} members`))
    if (failure || !isTaken) return entry.resume()
    const content: Buffer[] = []
    entry.on('data', piece => content.push(piece))
    entry.on('end', () => files.push({ path, executable: ((entry.mode ?? 0) & 0o100) !== 0, content }))
  })

  const write: Sink = piece => {
    bytes += piece.length
    if (bytes > limits.archiveBytes) throw tooLarge(file, last, mebibytes(limits.archiveBytes))
    // The parser would store what follows the end.
    if (sawEnd) return
    let next = piece
    if (beginning) {
      beginning = Buffer.concat([beginning, piece])
      if (beginning.length < 2) return
      // The parser would unpack it once more, past all limits.
      if (beginning[0] === 0x1f && beginning[1] === 0x8b) throw corruptArchive(file, 'it is compressed twice')
      next = beginning
      beginning = undefined
    }
    parser.write(next)
    if (failure) throw failure
  }

  const end = (): readonly ArchiveFile[] => {
    parser.end()
    if (failure) throw failure
    if (!sawEnd) throw corruptArchive(memberOf(file, last), 'it is cut off behind this member')
    return files
  }
  const where = () => (last ? `${file}: in or behind member '${printable(last)}'` : file)
  return { write, end, where }
}

const leadsOut = (path: string): boolean => path.startsWith('/') || path.split('/').includes('..')

/** The parser puts its own codes in front. */
const inWords = ({ message }: Error): string => message.replace(/^TAR_\w+: /, '')

const memberOf = (file: string, member: string) => (member ? `${file}: member '${printable(member)}'` : file)

/** A name that a stranger chose must not write on a terminal what it likes. */
const printable = (name: string): string =>
  name.replace(/[\p{Cc}\p{Cf}]/gu, character => `\\u{${character.codePointAt(0)?.toString(16)}}`)

const mebibytes = (bytes: number): string => `${bytes / 2 ** 20} MiB`

const unsafe = (file: string, member: string, why: string): Failure =>
  testFailure('ARCHIVE_UNSAFE', `${memberOf(file, member)}: refused: ${why}`, {
    hint: 'only regular files and directories are taken from archives',
  })

const tooLarge = (file: string, member: string, most: string): Failure =>
  testFailure('ARCHIVE_TOO_LARGE', `${memberOf(file, member)}: refused: more than ${most} unpacked`, {
    hint: 'no release is that large',
  })
