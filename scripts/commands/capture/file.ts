import fs from 'node:fs'
import path from 'node:path'
import { Writable } from 'node:stream'
import { environmentFailure, type Failure } from '../../errors/failure.ts'
import { reasonOf } from '../../host/files.ts'

/**
 * A file that is replaced at the first write: a capture that does not start keeps an earlier file.
 * @throws Failure OUTPUT_FAILED (exit 3)
 */
export function captureFile(file: string): { stream: Writable; close(): Promise<void> } {
  const failed = (error: unknown): Failure =>
    environmentFailure('OUTPUT_FAILED', `cannot write ${file}: ${reasonOf(error)}`, { cause: error })
  try {
    const found = fs.statSync(file, { throwIfNoEntry: false })
    if (found?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
    fs.accessSync(found ? file : path.dirname(path.resolve(file)), fs.constants.W_OK)
  } catch (error) {
    throw failed(error)
  }
  let handle: fs.promises.FileHandle | undefined
  const write = async (chunk: Buffer) => {
    handle ??= await fs.promises.open(file, 'w')
    await handle.writeFile(chunk)
  }
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) =>
      write(chunk).then(
        () => done(),
        error => done(failed(error)),
      ),
  })
  // Reported at the end of the command.
  stream.on('error', () => {})
  const close = async () => {
    if (!stream.errored) await new Promise<void>(resolve => stream.end(resolve))
    await handle?.close()
  }
  return { stream, close }
}
