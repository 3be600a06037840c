import fs from 'node:fs'
import path from 'node:path'
import { usageFailure } from '../errors/failure.ts'
import type { OvlDirectory } from './cluster.ts'

/**
 * Finds an ovl: a directory that holds an executable called `tar`.
 * @param word a path when it has a slash in it, else a name that is looked for as xcluster does
 * @param ovlPath the directories of `$XCLUSTER_OVLPATH`: the first match wins; then the working directory
 * @throws Failure OVL_NOT_FOUND (exit 2) naming every place that was looked at
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

/** Whether {@link findOvl} finds one. */
export const isOvl = (word: string, ovlPath: readonly string[]): boolean =>
  placesOf(word, ovlPath).some(place => isExecutableFile(path.join(place, 'tar')))

const placesOf = (word: string, ovlPath: readonly string[]): readonly string[] =>
  word.includes('/') ? [path.resolve(word)] : [...ovlPath, '.'].map(place => path.resolve(place, word))

function isExecutableFile(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false // the answer: whatever the reason, it cannot be run
  }
}
