import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { environmentFailure, Failure, testFailure } from '../errors/failure.ts'
import { callersEnvironment } from '../host/environment.ts'
import { reasonOf } from '../host/places.ts'

/** Gets the unpacked bytes, piece by piece. */
export type Sink = (piece: Buffer) => void
type Drain = (pieces: AsyncIterable<Buffer>) => Promise<void>

/** Node's gunzip makes 166 MB/s with its default chunks of 16 KiB, and 490 with these. */
const CHUNK_BYTES = 2 ** 20
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])
const XZ_MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])

/** What an unpacking can be told. */
export interface UnpackOptions {
  readonly signal?: AbortSignal | undefined
  /** Where in the file it is, for the message of damage that is met on the way. */
  readonly where?: () => string
}

/**
 * Unpacks a gzip or xz file into a sink. When this resolves the file was sound to its last byte.
 * @param sink may throw to end it
 * @throws Failure ARCHIVE_UNREADABLE (exit 3), ARCHIVE_CORRUPT (exit 1), NO_XZ (exit 3); what the sink throws; the signal's reason
 */
export async function unpack(
  file: string,
  sink: Sink,
  { signal, where = () => file }: UnpackOptions = {},
): Promise<void> {
  const { handle, size } = await openRegularFile(file)
  // Of several errors a pipeline may tell a later one, that it was aborted: this one is the reason.
  const thrown: unknown[] = []
  const drain: Drain = async pieces => {
    for await (const piece of pieces) {
      try {
        sink(piece)
      } catch (error) {
        thrown.push(error)
        throw error
      }
    }
  }
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(XZ_MAGIC.length), 0, XZ_MAGIC.length, 0)
    const magic = buffer.subarray(0, bytesRead)
    if (magic.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) await gunzip(handle, size, where, drain, signal)
    else if (magic.equals(XZ_MAGIC)) await unxz(handle, file, where, drain, signal)
    else throw corruptArchive(file, size === 0 ? 'it is empty' : 'it is neither gzip nor xz')
  } catch (error) {
    signal?.throwIfAborted()
    if (thrown.length > 0) throw thrown[0]
    throw error instanceof Failure ? error : corruptArchive(where(), (error as Error).message, error)
  } finally {
    await handle.close()
  }
}

export const corruptArchive = (where: string, why: string, cause?: unknown): Failure =>
  testFailure('ARCHIVE_CORRUPT', `${where}: corrupt: ${why}`, { hint: 'fetch it again, or take it away', cause })

async function openRegularFile(file: string): Promise<{ handle: fs.promises.FileHandle; size: number }> {
  // Without this a pipe that nobody writes into would be waited for.
  const flags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK
  const handle = await fs.promises.open(file, flags).catch(error => {
    throw unreadable(file, reasonOf(error), error)
  })
  const stats = await handle.stat()
  if (stats.isFile()) return { handle, size: stats.size }
  await handle.close()
  throw unreadable(file, 'it is no regular file')
}

const unreadable = (file: string, why: string, cause?: unknown) =>
  environmentFailure('ARCHIVE_UNREADABLE', `cannot read ${file}: ${why}`, { cause })

async function gunzip(
  handle: fs.promises.FileHandle,
  size: number,
  where: () => string,
  drain: Drain,
  signal: AbortSignal | undefined,
): Promise<void> {
  const compressed = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES })
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES })
  await pipeline(compressed, unpacked, drain, { ...(signal && { signal }) })
  // Node stops silently where something else follows; its counter says how much it took.
  if (unpacked.bytesWritten < size) throw corruptArchive(where(), 'something follows the end of the compressed data')
}

/** As much as the archives of `xz -9` need four times over. */
const XZ_MIB = 256

const needsMemory = (where: string): Failure =>
  testFailure('ARCHIVE_TOO_LARGE', `${where}: refused: more than ${XZ_MIB} MiB of memory are needed to unpack it`, {
    hint: 'pack it again with xz -9 or less',
  })

/** Node has no xz; Debian's tool has, with a limit for the memory that an archive may demand. */
async function unxz(
  handle: fs.promises.FileHandle,
  file: string,
  where: () => string,
  drain: Drain,
  signal: AbortSignal | undefined,
): Promise<void> {
  const child = spawn('xz', ['--decompress', '--stdout', '--format=xz', `--memlimit-decompress=${XZ_MIB}MiB`], {
    // The file as it was opened, not its name: nobody can change what is read in between.
    stdio: [handle.fd, 'pipe', 'pipe'],
    env: { PATH: callersEnvironment.PATH, LC_ALL: 'C' },
  }) as ChildProcessByStdio<null, Readable, Readable>
  let said = ''
  child.stderr.on('data', chunk => (said += chunk))
  // What the tool says at its end counts: a damaged last block is noticed after all the data have come.
  const ended = once(child, 'close').catch(error => {
    throw environmentFailure('NO_XZ', `cannot unpack ${file}: xz could not be run: ${reasonOf(error)}`, {
      hint: 'install xz-utils',
      cause: error,
    })
  })
  ended.catch(() => {}) // looked at below
  let broken: unknown
  try {
    await pipeline(child.stdout, drain, { ...(signal && { signal }) })
  } catch (error) {
    broken = error
    child.kill('SIGKILL')
  }
  const [code] = await ended
  if (broken) throw broken
  if (code === 0) return
  if (/memory usage limit/i.test(said)) throw needsMemory(where())
  throw corruptArchive(where(), said.trim().replace(/^.*: /, '') || `xz exits ${code}`)
}
