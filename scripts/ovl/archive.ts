import type { ReadEntry } from 'tar'
import { type Failure, testFailure } from '../errors/failure.ts'
import type { Content } from './member.ts'
import { tarStream } from './tar-stream.ts'
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
  /** Of all members that are taken together. */
  readonly takenBytes: number
  /** Directories and repetitions included. */
  readonly members: number
}

/** The largest releases hold a tenth of these bytes unpacked, and a third of what may be kept in memory. */
export const LIMITS: Limits = {
  archiveBytes: 512 * 2 ** 20,
  memberBytes: 128 * 2 ** 20,
  takenBytes: 160 * 2 ** 20,
  members: 10_000,
}

/** What is in an archive beside the content of its members: tens of thousands of headers take seconds to read. */
const MOST_HEADER_BYTES = 24 * 2 ** 20

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

/** Takes a tar archive piece by piece; all of it is synchronous. */
export function tarReader(file: string, wanted: (path: string) => boolean, limits: Limits) {
  const files: ArchiveFile[] = []
  const seen = new Set<string>()
  let [bytes, memberBytes, takenBytes, members] = [0, 0, 0, 0]
  let last = ''

  const onMember = (entry: ReadEntry) => {
    last = entry.path
    members += 1
    memberBytes += entry.size
    if (members > limits.members) throw tooLarge(file, last, `${limits.members} members`)
    const path = entry.path.replace(/^(\.\/)+/, '')
    const isDirectory = entry.type === 'Directory'
    if (!isDirectory && !REGULAR_FILES.includes(entry.type)) throw unsafe(file, last, `it is a ${entry.type}`)
    if (leadsOut(last)) throw unsafe(file, last, 'its name leads out of the archive')
    if (!isDirectory && seen.has(path)) throw corruptArchive(memberOf(file, last), 'it is there twice')
    seen.add(path)
    if (isDirectory || !wanted(path)) return void entry.resume()
    takenBytes += entry.size
    if (entry.size > limits.memberBytes) throw tooLarge(file, last, `${mebibytes(limits.memberBytes)} unpacked`)
    if (takenBytes > limits.takenBytes)
      throw tooLarge(file, last, `${mebibytes(limits.takenBytes)} of files that are taken`)
    const content: Buffer[] = []
    entry.on('data', piece => content.push(ownPiece(piece)))
    entry.on('end', () => files.push({ path, executable: ((entry.mode ?? 0) & 0o100) !== 0, content }))
  }
  const corrupt = (why: string) =>
    corruptArchive(memberOf(file, last), why === 'it is cut off' ? `${why} behind this member` : why)
  const unsupported = (member: string, why: string, wayOut: string) => unsafe(file, member, why, wayOut)
  const reader = tarStream({ onMember, corrupt, unsupported })

  const write: Sink = piece => {
    bytes += piece.length
    if (bytes > limits.archiveBytes) throw tooLarge(file, last, `${mebibytes(limits.archiveBytes)} unpacked`)
    reader.write(piece)
    if (bytes - memberBytes > MOST_HEADER_BYTES)
      throw tooLarge(file, last, `${mebibytes(MOST_HEADER_BYTES)} of headers`)
  }
  const end = (): readonly ArchiveFile[] => {
    reader.end()
    return files
  }
  const where = () => (last ? `${file}: in or behind member '${printable(last)}'` : file)
  return { write, end, where }
}

/** A piece that is a small part of a larger one would keep all of that in memory. */
const ownPiece = (piece: Buffer): Buffer => (piece.length * 2 < piece.buffer.byteLength ? Buffer.from(piece) : piece)

const leadsOut = (path: string): boolean => path.startsWith('/') || path.split('/').includes('..')

const memberOf = (file: string, member: string) => (member ? `${file}: member '${printable(member)}'` : file)

/** A name that a stranger chose must not write on a terminal what it likes. */
const printable = (name: string): string =>
  name.replace(/[\p{Cc}\p{Cf}]/gu, character => `\\u{${character.codePointAt(0)?.toString(16)}}`)

const mebibytes = (bytes: number): string => `${bytes / 2 ** 20} MiB`

const unsafe = (file: string, member: string, why: string, hint = ''): Failure =>
  testFailure('ARCHIVE_UNSAFE', `${memberOf(file, member)}: refused: ${why}`, {
    hint: hint || 'only regular files and directories are taken from archives',
  })

const tooLarge = (file: string, member: string, most: string): Failure =>
  testFailure('ARCHIVE_TOO_LARGE', `${memberOf(file, member)}: refused: more than ${most}`, {
    hint: 'no release is that large',
  })
