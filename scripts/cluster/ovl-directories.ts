import fs from 'node:fs'
import path from 'node:path'
import { usageFailure } from '../errors/failure.ts'
import type { OvlDirectory } from './cluster.ts'

/**
 * Finds an ovl: a directory with an executable file `tar`.
 * @param word a path when it contains a slash, otherwise a name to search for as xcluster does
 * @param ovlPath the directories of `$XCLUSTER_OVLPATH`, searched before the working directory
 * @throws Failure OVL_NOT_FOUND (exit 2) naming every file that was tried
 */
export function findOvl(word: string, ovlPath: readonly string[]): OvlDirectory {
  const places = placesOf(word, ovlPath)
  const directory = places.find(place => isExecutableFile(path.join(place, 'tar')))
  if (!directory) {
    throw usageFailure(
      'OVL_NOT_FOUND',
      `no ovl '${word}': no executable ${places.map(place => path.join(place, 'tar')).join(', ')}`,
    )
  }
  return { name: path.basename(directory), directory }
}

/** Whether {@link findOvl} finds an ovl. */
export const isOvl = (word: string, ovlPath: readonly string[]): boolean =>
  placesOf(word, ovlPath).some(place => isExecutableFile(path.join(place, 'tar')))

const placesOf = (word: string, ovlPath: readonly string[]): readonly string[] =>
  word.includes('/') ? [path.resolve(word)] : [...ovlPath, '.'].map(place => path.resolve(place, word))

function isExecutableFile(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false // missing, inaccessible or not executable
  }
}
