import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { environmentFailure, Failure, infrastructureFailure, usageFailure } from '../errors/failure.ts'
import { reasonOf } from '../host/places.ts'

/**
 * Writes an archive into a file: under a temporary name beside it, compared with what was meant, and renamed, so that whatever
 * happens the file is there as a whole or as it was before. A link is followed, and what is no regular file (a pipe, a device)
 * is written into.
 * @param blocks give the archive in pieces, each time from its beginning
 * @param signal stops the writing
 * @throws Failure BAD_OUTPUT (exit 2), OUTPUT_FAILED (exit 3) naming the file; the signal's reason
 */
export async function writeArchive(blocks: () => Iterable<Buffer>, file: string, signal?: AbortSignal): Promise<void> {
  if (file === '') throw usageFailure('BAD_OUTPUT', 'the name of the archive is empty')
  try {
    const target = followLinks(file)
    const found = fs.statSync(target, { throwIfNoEntry: false })
    if (found?.isDirectory() || file.endsWith('/')) {
      throw usageFailure('BAD_OUTPUT', `${file}: names a directory, and the archive must be a file`)
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
 * @param blocks give the archive in pieces
 * @param name of the stream for messages
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
        // A third of the time that Node's asynchronous writes take; in between, a signal gets through.
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

/** What was written counts, not what was to be: every byte of it is compared. */
function verify(file: number, blocks: Iterable<Buffer>, target: string): void {
  let buffer = Buffer.alloc(0)
  let position = 0
  for (const block of blocks) {
    if (buffer.length < block.length) buffer = Buffer.allocUnsafe(block.length)
    const bytesRead = fs.readSync(file, buffer, 0, block.length, position)
    if (!buffer.subarray(0, bytesRead).equals(block)) {
      throw infrastructureFailure('BAD_ARCHIVE', `${target}: what was written differs from what was packed`)
    }
    position += block.length
  }
}

/** Linux follows as many (path_resolution(7)). */
const MOST_LINKS = 40
/** What looks like links there are the process's open files: `/dev/stdout` leads to them. */
const OPEN_FILES = /^\/proc\/[^/]+\/fd\//

/** Where a program's output would go: through links, even if nothing is there yet. */
function followLinks(file: string): string {
  let target = file
  for (let links = 0; links < MOST_LINKS; links += 1) {
    target = path.join(fs.realpathSync(path.dirname(target)), path.basename(target))
    if (OPEN_FILES.test(target) || !fs.lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) return target
    target = path.resolve(path.dirname(target), fs.readlinkSync(target))
  }
  throw Object.assign(new Error('too many links'), { code: 'ELOOP' })
}

const outputFailed = (name: string, error: unknown): Failure =>
  environmentFailure('OUTPUT_FAILED', `cannot write ${name}: ${reasonOf(error)}`, { cause: error })
