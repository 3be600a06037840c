import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure } from '../../errors/failure.ts'
import { makePrivateDirectory } from '../../host/directories.ts'
import { reasonOf } from '../../host/files.ts'

export function makeStateDirectory(stateDirectory: string): void {
  try {
    makePrivateDirectory(path.join(stateDirectory, 'clusters'))
    makePrivateDirectory(stateDirectory)
    fs.accessSync(path.join(stateDirectory, 'clusters'), fs.constants.W_OK)
  } catch (error) {
    throw stateNotWritable(stateDirectory, error)
  }
}

const stateNotWritable = (stateDirectory: string, error: unknown) =>
  environmentFailure('STATE_NOT_WRITABLE', `cannot write to ${stateDirectory}: ${reasonOf(error)}`, {
    hint: 'set XDG_STATE_HOME to a directory of yours, with space on its disk',
    cause: error,
  })

/** What a full disk and its like can refuse when a file is made there already. Such errors often do not tell which file it was. */
const DISK_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'])

/**
 * What to throw for an error that came while a cluster was started or used.
 * @returns Failure STATE_NOT_WRITABLE (exit 3) for the system's refusal to write in the state directory, anything else as it is
 */
export function stateFailure(stateDirectory: string, error: unknown): unknown {
  const { code = '', path: file = stateDirectory } = error as NodeJS.ErrnoException
  return DISK_ERRORS.has(code) && file.startsWith(stateDirectory) ? stateNotWritable(stateDirectory, error) : error
}
