import fs from 'node:fs'
import path from 'node:path'

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
