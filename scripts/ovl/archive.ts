import type { ReadEntry } from 'tar'
import { type Failure, testFailure } from '../errors/failure.ts'
import { mebibytes } from '../host/text.ts'
import type { Content } from './member.ts'
import { TRUNCATED, tarStream } from './tar-stream.ts'
import { corruptArchive, type Sink, unpack } from './unpack.ts'

export interface ArchiveFile {
  readonly path: string
  readonly executable: boolean
  readonly content: Content
}

/** Limits above which an untrusted archive is treated as a bomb. */
export interface Limits {
  /** Unpacked size of the whole archive. */
  readonly archiveBytes: number
  /** Size of one extracted member, which is held in memory. */
  readonly memberBytes: number
  /** Total size of all extracted members. */
  readonly extractedBytes: number
  /** Number of members, including directories and duplicates. */
  readonly members: number
}

/** The largest releases reach a tenth of `archiveBytes` and a third of `extractedBytes`. */
export const LIMITS: Limits = {
  archiveBytes: 512 * 2 ** 20,
  memberBytes: 128 * 2 ** 20,
  extractedBytes: 160 * 2 ** 20,
  members: 10_000,
}

/** Total size of headers and padding: tens of thousands of headers take seconds to parse. */
const MAX_HEADER_BYTES = 24 * 2 ** 20

const REGULAR_FILES = ['File', 'OldFile', 'ContiguousFile']

/**
 * Extracts regular files from a compressed tar archive into memory. Nothing is written to disk under a name from the
 * archive, which rules out attacks by links, `..` and races.
 *
 * The whole archive must be valid: a link, a device, or an absolute or climbing name anywhere in it fails. As with
 * every tar, data after the end-of-archive marker is ignored.
 * @param wanted selects files by their path, without a leading `./`
 * @throws Failure (exit 1) ARCHIVE_CORRUPT, ARCHIVE_UNSAFE, ARCHIVE_TOO_LARGE, naming archive and member; those of
 *   {@link unpack}
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

/** Extracts files from a tar archive that is written to it synchronously. */
export function tarReader(file: string, wanted: (path: string) => boolean, limits: Limits) {
  const files: ArchiveFile[] = []
  const seen = new Set<string>()
  let [bytes, memberBytes, extractedBytes, members] = [0, 0, 0, 0]
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
    if (!isDirectory && seen.has(path)) throw corruptArchive(memberOf(file, last), 'duplicate member')
    seen.add(path)
    if (isDirectory || !wanted(path)) return void entry.resume()
    extractedBytes += entry.size
    if (entry.size > limits.memberBytes) throw tooLarge(file, last, `${mebibytes(limits.memberBytes)} unpacked`)
    if (extractedBytes > limits.extractedBytes)
      throw tooLarge(file, last, `${mebibytes(limits.extractedBytes)} of files to extract`)
    const content: Buffer[] = []
    entry.on('data', chunk => content.push(ownChunk(chunk)))
    entry.on('end', () => files.push({ path, executable: ((entry.mode ?? 0) & 0o100) !== 0, content }))
  }
  const corrupt = (why: string) =>
    corruptArchive(memberOf(file, last), why === TRUNCATED ? `${why} after this member` : why)
  const unsupported = (member: string, why: string, hint: string) => unsafe(file, member, why, hint)
  const reader = tarStream({ onMember, corrupt, unsupported })

  const write: Sink = chunk => {
    bytes += chunk.length
    if (bytes > limits.archiveBytes) throw tooLarge(file, last, `${mebibytes(limits.archiveBytes)} unpacked`)
    reader.write(chunk)
    if (bytes - memberBytes > MAX_HEADER_BYTES) throw tooLarge(file, last, `${mebibytes(MAX_HEADER_BYTES)} of headers`)
  }
  const end = (): readonly ArchiveFile[] => {
    reader.end()
    return files
  }
  const where = () => (last ? `${file}: in or after member '${printable(last)}'` : file)
  return { write, end, where }
}

/** Copies a small slice, which would otherwise keep its whole underlying buffer in memory. */
const ownChunk = (chunk: Buffer): Buffer => (chunk.length * 2 < chunk.buffer.byteLength ? Buffer.from(chunk) : chunk)

const leadsOut = (path: string): boolean => path.startsWith('/') || path.split('/').includes('..')

const memberOf = (file: string, member: string) => (member ? `${file}: member '${printable(member)}'` : file)

/** Escapes control characters: an untrusted name must not control the terminal. */
const printable = (name: string): string =>
  name.replace(/[\p{Cc}\p{Cf}]/gu, character => `\\u{${character.codePointAt(0)?.toString(16)}}`)

const unsafe = (file: string, member: string, why: string, hint = ''): Failure =>
  testFailure('ARCHIVE_UNSAFE', `${memberOf(file, member)}: refused: ${why}`, {
    hint: hint || 'archives may contain only regular files and directories',
  })

const tooLarge = (file: string, member: string, limit: string): Failure =>
  testFailure('ARCHIVE_TOO_LARGE', `${memberOf(file, member)}: refused: more than ${limit}`, {
    hint: 'no known release is that large',
  })
