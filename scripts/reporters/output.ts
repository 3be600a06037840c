import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import type { Writable } from 'node:stream'
import { environmentFailure } from '../errors/failure.ts'
import { makeDirectory } from '../host/directories.ts'
import { reasonOf } from '../host/files.ts'

/** Where a listener writes; tests pass one that remembers. */
export interface Output {
  write(text: string): unknown
}

/** An output that somebody has to end, in one way or the other. */
export interface Target extends Output {
  /** All that was written is there when this ends. */
  finish(): Promise<void>
  /** What was written is of no use to anybody. */
  discard(): void
}

/** A stream that others write to as well, and that stays open. */
export const streamTarget = (stream: Writable): Target => ({
  write: text => stream.write(text),
  // A run that ends before its log is written would cut it.
  finish: async () => {
    if (stream.writableNeedDrain) await once(stream, 'drain')
  },
  discard: () => {},
})

/** So much is gathered before it is written: many small writes would cost more than what is in them. */
const GATHERED = 64 * 1024

/**
 * A file that is made anew. A document, which is of use only as a whole, appears when it is complete: until then it has no name. What is no regular file (a pipe, a device) is written into.
 * @throws Failure REPORT_NOT_WRITABLE (exit 3) naming the file
 */
export function fileTarget(file: string, isDocument: boolean): Target {
  try {
    return openFile(file, isDocument)
  } catch (error) {
    const why = `cannot write the report ${file}: ${reasonOf(error)}`
    throw environmentFailure('REPORT_NOT_WRITABLE', why, {
      hint: 'a report goes to a file in a directory of yours, with space on its disk',
      cause: error,
    })
  }
}

function openFile(file: string, isDocument: boolean): Target {
  makeDirectory(path.dirname(path.resolve(file)))
  const found = fs.statSync(file, { throwIfNoEntry: false })
  if (found?.isDirectory()) throw new Error('it is a directory')
  if (found) fs.accessSync(file, fs.constants.W_OK)
  const isRenamed = isDocument && (found === undefined || found.isFile())
  // A link is followed, and stays one.
  const target = found ? fs.realpathSync(file) : path.resolve(file)
  const descriptor = isRenamed ? openNameless(target) : fs.openSync(target, 'w')
  let gathered = ''
  let failed: unknown
  const flush = () => {
    const text = gathered
    gathered = ''
    if (text) writeAll(descriptor, Buffer.from(text))
  }
  const flushLater = () => {
    try {
      flush()
    } catch (error) {
      failed = error
    }
  }
  const write = (text: string) => {
    if (failed) throw failed
    if (gathered === '') setImmediate(flushLater)
    gathered += text
    if (gathered.length >= GATHERED) flush()
  }
  return {
    write,
    finish: async () => {
      flush()
      if (failed) throw failed
      if (isRenamed) publish(descriptor, target)
      fs.closeSync(descriptor)
    },
    discard: () => {
      gathered = ''
      fs.closeSync(descriptor)
    },
  }
}

const besides = (target: string) => `${target}.${randomBytes(4).toString('hex')}.part`

/** A file beside another that nobody sees: whatever ends this process, nothing of it is left. */
function openNameless(target: string): number {
  const name = besides(target)
  const descriptor = fs.openSync(name, 'wx+')
  fs.unlinkSync(name)
  return descriptor
}

/** Gives a file the content of a nameless one, at once. */
function publish(descriptor: number, target: string): void {
  const name = besides(target)
  const output = fs.openSync(name, 'wx')
  try {
    const buffer = Buffer.alloc(GATHERED)
    for (let position = 0, length = -1; length !== 0; position += length) {
      length = fs.readSync(descriptor, buffer, 0, GATHERED, position)
      writeAll(output, buffer.subarray(0, length))
    }
    fs.renameSync(name, target)
  } catch (error) {
    fs.rmSync(name, { force: true })
    throw error
  } finally {
    fs.closeSync(output)
  }
}

/** A file may take less than it is given. */
function writeAll(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done)
}
