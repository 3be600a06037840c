import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { list } from 'tar'
import { environmentFailure, Failure, infrastructureFailure, usageFailure } from '../errors/failure.ts'
import { archiveBlocks } from './archive-stream.ts'
import type { Member } from './member.ts'

/**
 * Writes the archive into a file: under a temporary name beside it, looked at again, and renamed, so that whatever happens the
 * file is there as a whole or as it was before. What is no regular file (a pipe, a terminal's device) is written into.
 * @param signal stops the writing
 * @throws Failure BAD_OUTPUT (exit 2), OUTPUT_FAILED (exit 3) naming the file; the signal's reason
 */
export async function writeArchive(
  members: readonly Member[],
  time: Date,
  file: string,
  signal?: AbortSignal,
): Promise<void> {
  const target = resolveTarget(file)
  const found = fs.statSync(target, { throwIfNoEntry: false })
  if (found?.isDirectory()) {
    throw usageFailure('BAD_OUTPUT', `${file}: is a directory, and the archive must be a file`)
  }
  if (found && !found.isFile()) return await writeStream(members, time, fs.createWriteStream(target), file, signal)
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(6).toString('hex')}`)
  try {
    await writeStream(members, time, fs.createWriteStream(temporary, { flags: 'wx' }), file, signal)
    await verify(temporary, members, file)
    fs.renameSync(temporary, target)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw error instanceof Failure || signal?.aborted ? error : outputFailed(file, error)
  }
}

/**
 * Writes the archive to a stream.
 * @param name of the stream for messages
 * @throws Failure OUTPUT_FAILED (exit 3)
 */
export async function writeStream(
  members: readonly Member[],
  time: Date,
  output: Writable,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await pipeline(Readable.from(archiveBlocks(members, time)), output, { ...(signal && { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    throw outputFailed(name, error)
  }
}

/** What was written counts, not what was to be. */
async function verify(temporary: string, members: readonly Member[], file: string): Promise<void> {
  const written: string[] = []
  await list({
    file: temporary,
    strict: true,
    onReadEntry: entry => written.push(`${entry.path.replace(/\/$/, '')} ${entry.size}`),
  })
  const wanted = members.map(
    ({ path: name, ...member }) => `${name} ${'content' in member ? member.content.length : 0}`,
  )
  if (written.join('\n') !== wanted.join('\n')) {
    throw infrastructureFailure('BAD_ARCHIVE', `${file}: not all that was packed was written`)
  }
}

/** Through a link, as any program would write. */
function resolveTarget(file: string): string {
  try {
    return fs.realpathSync(file)
  } catch {
    return path.resolve(file) // it is not there yet
  }
}

function outputFailed(name: string, error: unknown): Failure {
  const { code, message } = error as NodeJS.ErrnoException
  const reasons: Readonly<Record<string, string>> = {
    EPIPE: 'nobody reads it any more',
    ENOSPC: 'no space left',
    EACCES: 'no permission',
    ENOENT: 'there is no such directory',
    ENOTDIR: 'a part of its path is no directory',
  }
  return environmentFailure('OUTPUT_FAILED', `cannot write ${name}: ${reasons[code ?? ''] ?? message}`, {
    cause: error,
  })
}
