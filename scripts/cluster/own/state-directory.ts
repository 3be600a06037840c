import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure } from '../../errors/failure.ts'
import { makePrivateDirectory } from '../../host/directories.ts'
import { reasonOf } from '../../host/files.ts'

/**
 * Creates the directory of running clusters, mode 0700.
 * @throws Failure STATE_NOT_WRITABLE (exit 3)
 */
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
    hint: 'set XDG_STATE_HOME to a writable directory with free disk space',
    cause: error,
  })

/** Errors of a full or failing disk, which often do not name the file. */
const DISK_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'])

/**
 * @returns Failure STATE_NOT_WRITABLE (exit 3) for an error of writing to the state directory, otherwise the error
 *   itself
 */
export function stateFailure(stateDirectory: string, error: unknown): unknown {
  const { code = '', path: file = stateDirectory } = error as NodeJS.ErrnoException
  return DISK_ERRORS.has(code) && file.startsWith(stateDirectory) ? stateNotWritable(stateDirectory, error) : error
}
