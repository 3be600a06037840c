import fs from 'node:fs'
import path from 'node:path'

/**
 * Concatenates files of a directory for `sh -c`. Strips comments, because ssh servers limit the length of a command.
 */
export const shellScript = (directory: string, ...names: readonly string[]): string =>
  names.map(name => fs.readFileSync(path.join(directory, name), 'utf8').replaceAll(/^\s*#.*\n/gm, '')).join('')
