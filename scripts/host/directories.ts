import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'

/**
 * Makes a directory and those above it that are missing. Node's own `recursive` tries for ever where a file system knows a name
 * only as missing, as /proc does.
 * @param mode of what is made
 * @throws the system's error
 */
export function makeDirectory(directory: string, mode = 0o777): void {
  if (fs.existsSync(directory)) return
  const above = path.dirname(directory)
  if (above !== directory) makeDirectory(above, mode)
  try {
    fs.mkdirSync(directory, { mode })
  } catch (error) {
    // Another process may have made it in between.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/**
 * Makes a directory into which nobody else can write, whatever the umask; one that is there and ours becomes so.
 * @throws the system's error
 */
export function makePrivateDirectory(directory: string): void {
  makeDirectory(directory, 0o700)
  const { uid, mode } = fs.statSync(directory)
  if (uid === process.getuid?.() && (mode & OTHERS_MAY_WRITE) !== 0) fs.chmodSync(directory, mode & ~OTHERS_MAY_WRITE)
}

const OTHERS_MAY_WRITE = 0o022

/** The path with its links resolved, as far as it exists. */
export function realPath(file: string): string {
  try {
    return fs.realpathSync(file)
  } catch {
    const above = path.dirname(file)
    return above === file ? file : path.join(realPath(above), path.basename(file))
  }
}
