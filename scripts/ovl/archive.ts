import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Parser, type ReadEntry } from 'tar'
import { environmentFailure, type Failure, testFailure } from '../errors/failure.ts'

/** A file taken out of an archive. */
export interface ArchiveFile {
  readonly path: string
  readonly executable: boolean
  readonly content: Buffer
}

/**
 * Limits for archives of strangers. The largest releases that there are have a tenth of this.
 */
export const LIMITS = { bytes: 512 * 2 ** 20, members: 2000 } as const

/** Node's gunzip makes 166 MB/s with its default chunks of 16 KiB, and 490 with these. */
const CHUNK_BYTES = 2 ** 20
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])
const XZ_MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])

/**
 * Reads regular files out of a compressed tar archive, into memory: nothing of it gets to a disk under a name that it chose, which
 * rules out what links, `..` and races could do there.
 *
 * The whole archive is read and must be sound: a link, device, absolute or climbing name anywhere in it is an attack or a mistake,
 * and neither is to be installed.
 * @param wanted tells by its path, without a leading `./`, whether a file is taken
 * @throws Failure (exit 1) ARCHIVE_CORRUPT, ARCHIVE_UNSAFE, ARCHIVE_TOO_LARGE, naming archive and member; NO_XZ (exit 3)
 */
export async function readArchive(file: string, wanted: (path: string) => boolean): Promise<readonly ArchiveFile[]> {
  const source = await openArchive(file)
  const files: ArchiveFile[] = []
  const seen = new Set<string>()
  let bytes = 0
  let last = ''
  const parser = new Parser({ strict: true })
  const failed = new Promise<never>((_, reject) => {
    parser.on('error', (error: Error) => reject(corrupt(file, error.message, last)))
    source.failed.catch(reject)
    parser.on('ignoredEntry', (entry: ReadEntry) => reject(unsafe(file, entry)))
    parser.on('entry', (entry: ReadEntry) => {
      last = entry.path
      bytes += entry.size
      if (bytes > LIMITS.bytes || seen.size >= LIMITS.members) return reject(tooLarge(file, entry.path))
      if (!isSafe(entry)) return reject(unsafe(file, entry))
      const path = entry.path.replace(/^(\.\/)+/, '')
      if (seen.has(path) && entry.type !== 'Directory') return reject(corrupt(file, 'the member is there twice', path))
      seen.add(path)
      if (entry.type === 'Directory' || !wanted(path)) return entry.resume()
      const chunks: Buffer[] = []
      entry.on('data', chunk => chunks.push(chunk))
      entry.on('end', () => {
        files.push({ path, executable: ((entry.mode ?? 0) & 0o100) !== 0, content: Buffer.concat(chunks) })
      })
    })
  })
  try {
    await Promise.race([feed(source.stream, parser), failed])
  } finally {
    source.close()
  }
  if (seen.size === 0) throw corrupt(file, 'it is empty', '')
  return files
}

async function feed(source: Readable, parser: Parser): Promise<void> {
  const ended = once(parser, 'end')
  for await (const chunk of source) {
    if (!parser.write(chunk as Buffer)) await once(parser, 'drain')
  }
  parser.end()
  await ended
}

function isSafe(entry: ReadEntry): boolean {
  if (!['File', 'OldFile', 'ContiguousFile', 'Directory'].includes(entry.type)) return false
  return !entry.path.startsWith('/') && !entry.path.split('/').includes('..') && !entry.path.includes('\0')
}

interface Source {
  readonly stream: Readable
  /** Rejects when the compressed data are not sound; never resolves. */
  readonly failed: Promise<never>
  close(): void
}

async function openArchive(file: string): Promise<Source> {
  const magic = await readMagic(file)
  if (magic.subarray(0, 2).equals(GZIP_MAGIC)) return openGzip(file)
  if (magic.equals(XZ_MAGIC)) return openXz(file)
  throw corrupt(file, magic.length === 0 ? 'it is empty' : 'it is neither gzip nor xz', '')
}

async function readMagic(file: string): Promise<Buffer> {
  let handle: fs.promises.FileHandle | undefined
  try {
    handle = await fs.promises.open(file)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(XZ_MAGIC.length), 0, XZ_MAGIC.length, 0)
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    throw environmentFailure('ARCHIVE_UNREADABLE', `cannot read ${file}: ${(error as Error).message}`, { cause: error })
  } finally {
    await handle?.close()
  }
}

function openGzip(file: string): Source {
  const compressed = fs.createReadStream(file, { highWaterMark: CHUNK_BYTES })
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  const failed = new Promise<never>((_, reject) => {
    compressed.on('error', error => reject(corrupt(file, error.message, '')))
    gunzip.on('error', error => reject(corrupt(file, error.message, '')))
  })
  failed.catch(() => {}) // may come after the reading has ended
  const close = () => {
    compressed.destroy()
    gunzip.destroy()
  }
  return { stream: compressed.pipe(gunzip), failed, close }
}

/** Node has no xz; Debian's tool has, with a limit for the memory that an archive may demand. */
function openXz(file: string): Source {
  const child = spawn('xz', ['--decompress', '--stdout', '--memlimit-decompress=256MiB', '--', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', chunk => (said += chunk))
  const failed = new Promise<never>((_, reject) => {
    child.once('error', error => reject(noXz(file, error)))
    child.once(
      'close',
      code => code === 0 || reject(corrupt(file, said.trim().replace(/^xz: /, '') || `xz exits ${code}`, '')),
    )
  })
  failed.catch(() => {})
  return { stream: child.stdout, failed, close: () => child.kill('SIGKILL') }
}

const noXz = (file: string, cause: Error) =>
  environmentFailure('NO_XZ', `cannot unpack ${file}: ${cause.message}`, { hint: 'install xz-utils', cause })

const describe = (file: string, member: string) => (member ? `${file}: member '${member}'` : file)

const corrupt = (file: string, why: string, member: string): Failure =>
  testFailure('ARCHIVE_CORRUPT', `${describe(file, member)}: corrupt: ${why}`, { hint: 'fetch it again' })

const unsafe = (file: string, entry: ReadEntry): Failure =>
  testFailure(
    'ARCHIVE_UNSAFE',
    `${describe(file, entry.path)}: refused: ${isPlain(entry) ? 'its name leads out of the archive' : `it is a ${entry.type}`}`,
    { hint: 'only regular files and directories are taken from archives' },
  )

const isPlain = (entry: ReadEntry) => ['File', 'OldFile', 'ContiguousFile', 'Directory'].includes(entry.type)

const tooLarge = (file: string, member: string): Failure =>
  testFailure(
    'ARCHIVE_TOO_LARGE',
    `${describe(file, member)}: refused: more than ${LIMITS.bytes / 2 ** 20} MiB or ${LIMITS.members} members unpacked`,
  )
