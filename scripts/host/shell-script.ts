import fs from 'node:fs'
import path from 'node:path'

/**
 * A script in files, as the text for `sh -c`. Comments are left out: an ssh server may limit the length of a command.
 * @param directory of the files
 * @param names of the files, in the order in which they are joined
 */
export const shellScript = (directory: string, ...names: readonly string[]): string =>
  names.map(name => fs.readFileSync(path.join(directory, name), 'utf8').replaceAll(/^\s*#.*\n/gm, '')).join('')
