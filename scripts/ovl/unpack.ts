import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { environmentFailure, Failure, testFailure } from '../errors/failure.ts'
import { callersEnvironment } from '../host/environment.ts'
import { reasonOf } from '../host/files.ts'

export type Sink = (chunk: Buffer) => void
type Drain = (chunks: AsyncIterable<Buffer>) => Promise<void>

/** Node's gunzip reaches 166 MB/s with its default chunks of 16 KiB, and 490 MB/s with these. */
const CHUNK_BYTES = 2 ** 20
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])
const XZ_MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])

export interface UnpackOptions {
  readonly signal?: AbortSignal | undefined
  /** Describes the current position for messages about damage. */
  readonly where?: () => string
}

/**
 * Unpacks a gzip or xz file into a sink. Resolves only if the file is valid to its last byte.
 * @param sink may throw to stop unpacking
 * @throws Failure ARCHIVE_UNREADABLE (exit 3), ARCHIVE_CORRUPT (exit 1), NO_XZ (exit 3); errors of the sink; the
 *   signal's reason
 */
export async function unpack(
  file: string,
  sink: Sink,
  { signal, where = () => file }: UnpackOptions = {},
): Promise<void> {
  const { handle, size } = await openRegularFile(file)
  // A pipeline may report a later error (aborted) instead of the sink's.
  const thrown: unknown[] = []
  const drain: Drain = async chunks => {
    for await (const chunk of chunks) {
      try {
        sink(chunk)
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
  testFailure('ARCHIVE_CORRUPT', `${where}: corrupt: ${why}`, { hint: 'download it again, or delete it', cause })

async function openRegularFile(file: string): Promise<{ handle: fs.promises.FileHandle; size: number }> {
  // Opening a FIFO without a writer would block.
  const flags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK
  const handle = await fs.promises.open(file, flags).catch(error => {
    throw unreadable(file, reasonOf(error), error)
  })
  const stats = await handle.stat()
  if (stats.isFile()) return { handle, size: stats.size }
  await handle.close()
  throw unreadable(file, 'it is not a regular file')
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
  // Node silently stops before trailing data.
  if (unpacked.bytesWritten < size) throw corruptArchive(where(), 'trailing data after the compressed data')
}

/** Four times as much as archives of `xz -9` need. */
const XZ_MIB = 256

const needsMemory = (where: string): Failure =>
  testFailure('ARCHIVE_TOO_LARGE', `${where}: refused: unpacking needs more than ${XZ_MIB} MiB of memory`, {
    hint: 'pack it again with xz -9 or lower',
  })

/** Node cannot unpack xz; the tool can, with a memory limit. */
async function unxz(
  handle: fs.promises.FileHandle,
  file: string,
  where: () => string,
  drain: Drain,
  signal: AbortSignal | undefined,
): Promise<void> {
  const child = spawn('xz', ['--decompress', '--stdout', '--format=xz', `--memlimit-decompress=${XZ_MIB}MiB`], {
    // The open file instead of its name: it cannot be replaced in between.
    stdio: [handle.fd, 'pipe', 'pipe'],
    env: { PATH: callersEnvironment.PATH, LC_ALL: 'C' },
  }) as ChildProcessByStdio<null, Readable, Readable>
  let stderr = ''
  child.stderr.on('data', chunk => (stderr += chunk))
  // The exit status counts: a damaged last block is detected after all data.
  const ended = once(child, 'close').catch(error => {
    throw environmentFailure('NO_XZ', `cannot unpack ${file}: cannot run xz: ${reasonOf(error)}`, {
      hint: 'install xz-utils',
      cause: error,
    })
  })
  ended.catch(() => {}) // awaited below
  let failure: unknown
  try {
    await pipeline(child.stdout, drain, { ...(signal && { signal }) })
  } catch (error) {
    failure = error
    child.kill('SIGKILL')
  }
  const [code] = await ended
  if (failure) throw failure
  if (code === 0) return
  if (/memory usage limit/i.test(stderr)) throw needsMemory(where())
  throw corruptArchive(where(), stderr.trim().replace(/^.*: /, '') || `xz exited with status ${code}`)
}
