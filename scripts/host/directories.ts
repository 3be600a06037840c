import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'

/**
 * Creates a directory and its missing parents. Node's `recursive` loops forever on file systems such as /proc, which
 * answer ENOENT for a new name.
 * @param mode of created directories
 */
export function makeDirectory(directory: string, mode = 0o777): void {
  if (fs.existsSync(directory)) return
  const above = path.dirname(directory)
  if (above !== directory) makeDirectory(above, mode)
  try {
    fs.mkdirSync(directory, { mode })
  } catch (error) {
    // Another process may have created it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/**
 * Creates a directory that only its owner can write to, under any umask; removes other users' write permission from an
 * existing one of this user.
 */
export function makePrivateDirectory(directory: string): void {
  makeDirectory(directory, 0o700)
  const { uid, mode } = fs.statSync(directory)
  if (uid === process.getuid?.() && (mode & OTHERS_MAY_WRITE) !== 0) fs.chmodSync(directory, mode & ~OTHERS_MAY_WRITE)
}

const OTHERS_MAY_WRITE = 0o022

/** Resolves the links of a path whose last parts may not exist. */
export function realPath(file: string): string {
  try {
    return fs.realpathSync(file)
  } catch {
    const above = path.dirname(file)
    return above === file ? file : path.join(realPath(above), path.basename(file))
  }
}
