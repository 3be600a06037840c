import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import type { Writable } from 'node:stream'
import { environmentFailure } from '../errors/failure.ts'
import { makeDirectory } from '../host/directories.ts'
import { reasonOf } from '../host/files.ts'

/** Output of a listener. */
export interface Output {
  write(text: string): unknown
}

/** An output that must be ended or discarded. */
export interface Target extends Output {
  /** Resolves when everything is written. */
  finish(): Promise<void>
  /** Discards the output. */
  discard(): void
}

/** A shared stream, which stays open. */
export const streamTarget = (stream: Writable): Target => ({
  write: text => stream.write(text),
  // An early exit would truncate the log.
  finish: async () => {
    if (stream.writableNeedDrain) await once(stream, 'drain')
  },
  discard: () => {},
})

/** Size of the write buffer. */
const GATHERED = 64 * 1024

/**
 * Replaces a file. A document is useful only as a whole: it is written to a nameless file and published when complete.
 * Pipes and devices are written directly.
 * @throws Failure REPORT_NOT_WRITABLE (exit 3) naming the file
 */
export function fileTarget(file: string, isDocument: boolean): Target {
  try {
    return openFile(file, isDocument)
  } catch (error) {
    const why = `cannot write the report ${file}: ${reasonOf(error)}`
    throw environmentFailure('REPORT_NOT_WRITABLE', why, {
      hint: 'choose a file in a writable directory with free disk space',
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
  // A symbolic link is followed, not replaced.
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

/** An unlinked file in the same directory: it vanishes with this process. */
function openNameless(target: string): number {
  const name = besides(target)
  const descriptor = fs.openSync(name, 'wx+')
  fs.unlinkSync(name)
  return descriptor
}

/** Replaces a file atomically by the content of a nameless one. */
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

/** A write may be partial. */
function writeAll(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done)
}
