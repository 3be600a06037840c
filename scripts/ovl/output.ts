import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { environmentFailure, Failure, infrastructureFailure, usageFailure } from '../errors/failure.ts'
import { reasonOf } from '../host/files.ts'

/**
 * Writes an archive to a file atomically: to a temporary file beside it, which is verified and renamed. Links are
 * followed; pipes and devices are written to directly.
 * @param blocks iterates over the archive, each time from its beginning
 * @param signal stops the writing
 * @throws Failure BAD_OUTPUT (exit 2), OUTPUT_FAILED (exit 3) naming the file; the signal's reason
 */
export async function writeArchive(blocks: () => Iterable<Buffer>, file: string, signal?: AbortSignal): Promise<void> {
  if (file === '') throw usageFailure('BAD_OUTPUT', 'the name of the archive is empty')
  try {
    const target = followLinks(file)
    const found = fs.statSync(target, { throwIfNoEntry: false })
    if (found?.isDirectory() || file.endsWith('/')) {
      throw usageFailure('BAD_OUTPUT', `${file}: is a directory, but the archive must be a file`)
    }
    if (found && (!found.isFile() || OPEN_FILES.test(target))) {
      return await writeStream(blocks, fs.createWriteStream(target), file, signal)
    }
    if (found) fs.accessSync(target, fs.constants.W_OK)
    await replaceFile(blocks, target, signal)
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof Failure ? error : outputFailed(file, error)
  }
}

/**
 * Writes an archive to a stream.
 * @param blocks iterates over the archive
 * @param name of the stream, for messages
 * @throws Failure OUTPUT_FAILED (exit 3); the signal's reason
 */
export async function writeStream(
  blocks: () => Iterable<Buffer>,
  output: Writable,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await pipeline(Readable.from(blocks()), output, { ...(signal && { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof Failure ? error : outputFailed(name, error)
  }
}

async function replaceFile(
  blocks: () => Iterable<Buffer>,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const temporary = path.join(path.dirname(target), `.ovl-${randomBytes(6).toString('hex')}`)
  const file = fs.openSync(temporary, 'wx+')
  try {
    try {
      for (const block of blocks()) {
        // Takes a third of the time of asynchronous writes; between blocks, signals are handled.
        fs.writeFileSync(file, block)
        await nextTurn()
        signal?.throwIfAborted()
      }
      verify(file, blocks(), target)
    } finally {
      fs.closeSync(file)
    }
    fs.renameSync(temporary, target)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw error
  }
}

/** Reads the file back and compares every byte. */
function verify(file: number, blocks: Iterable<Buffer>, target: string): void {
  let buffer = Buffer.alloc(0)
  let position = 0
  for (const block of blocks) {
    if (buffer.length < block.length) buffer = Buffer.allocUnsafe(block.length)
    const bytesRead = fs.readSync(file, buffer, 0, block.length, position)
    if (!buffer.subarray(0, bytesRead).equals(block)) {
      throw infrastructureFailure('BAD_ARCHIVE', `${target}: the written file differs from the packed archive`)
    }
    position += block.length
  }
}

/** Linux's limit (path_resolution(7)). */
const MAX_LINKS = 40
/** Open files of a process, shown as links: `/dev/stdout` leads there. */
const OPEN_FILES = /^\/proc\/[^/]+\/fd\//

/** Resolves links as open(2) would with O_CREAT: the target need not exist. */
function followLinks(file: string): string {
  let target = file
  for (let links = 0; links < MAX_LINKS; links += 1) {
    target = path.join(fs.realpathSync(path.dirname(target)), path.basename(target))
    if (OPEN_FILES.test(target) || !fs.lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) return target
    target = path.resolve(path.dirname(target), fs.readlinkSync(target))
  }
  throw Object.assign(new Error('too many links'), { code: 'ELOOP' })
}

const outputFailed = (name: string, error: unknown): Failure =>
  environmentFailure('OUTPUT_FAILED', `cannot write ${name}: ${reasonOf(error)}`, { cause: error })
