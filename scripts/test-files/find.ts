import fs from 'node:fs'
import path from 'node:path'
import type { OvlDirectory } from '../cluster/cluster.ts'
import { findOvl, isOvl } from '../cluster/ovl-directories.ts'
import { entryNames, tryStat } from '../host/files.ts'

/** Files of tests, in a directory of them. */
export const TEST_FILE = /\.test\.(ts|mts|js|mjs|ya?ml)$/
/** Files that can be tests when they are named. */
export const READABLE = /\.(ts|mts|js|mjs|ya?ml)$/
/** The directory of an ovl with its tests. */
const TESTS = 'tests'

/** Test files that a user names: with the ovl that brings them. */
export interface FoundFiles {
  readonly files: readonly string[]
  readonly ovl?: OvlDirectory
  /** The test in the files, where the user names one. */
  readonly name?: string
}

/** Whether a word names a file or a directory of tests, not an ovl. */
export function isTestPath(word: string): boolean {
  const stat = tryStat(word)
  if (!stat?.isDirectory())
    return READABLE.test(word) && (stat !== undefined || word.includes('/') || TEST_FILE.test(word))
  return !isOvl(`./${path.relative('.', word)}`, []) && testFilesIn(word).length > 0
}

/** The test files that a path names; those in the `tests` of an ovl come with it. */
export function findTestFiles(word: string): FoundFiles {
  const place = path.resolve(word)
  const isDirectory = tryStat(place)?.isDirectory() === true
  const directory = isDirectory ? place : path.dirname(place)
  const ovl = path.basename(directory) === TESTS ? ovlAt(path.dirname(directory)) : undefined
  return { files: isDirectory ? testFilesIn(place) : [place], ...(ovl && { ovl }) }
}

/**
 * The tests of an ovl that a word names: `my-ovl/policy`, or `my-ovl/all`.
 * @returns undefined if it names no ovl with tests
 */
export function findTestsOfOvl(word: string, ovlPath: readonly string[]): FoundFiles | undefined {
  const [, prefix = '', name] = /^(.+)\/([^/]+)$/.exec(word) ?? []
  // `./policy` is no test of the ovl in the working directory.
  if (!prefix || /(^|\/)\.\.?$/.test(prefix) || !isOvl(prefix, ovlPath)) return undefined
  const ovl = findOvl(prefix, ovlPath)
  const files = testFilesIn(path.join(ovl.directory, TESTS))
  return files.length === 0 ? undefined : { files, ovl, ...(name !== 'all' && { name: `${ovl.name}/${name}` }) }
}

/** The ovls with tests in directories. */
export function ovlsWithTests(directories: readonly string[]): readonly FoundFiles[] {
  return directories.flatMap(directory =>
    entryNames(directory).flatMap(name => {
      const ovl = ovlAt(path.resolve(directory, name))
      const files = ovl ? testFilesIn(path.join(ovl.directory, TESTS)) : []
      return ovl && files.length > 0 ? [{ files, ovl }] : []
    }),
  )
}

const ovlAt = (directory: string): OvlDirectory | undefined =>
  isOvl(`${directory}/`, []) ? findOvl(`${directory}/`, []) : undefined

/** Files `*.test.*` of a directory, sorted; without those of other test frameworks, which export nothing. */
const testFilesIn = (directory: string): readonly string[] =>
  tryStat(directory)?.isDirectory()
    ? fs
        .readdirSync(directory)
        .filter(name => TEST_FILE.test(name))
        .sort()
        .map(name => path.resolve(directory, name))
        .filter(file => /\.ya?ml$/.test(file) || /\bexport\s+default\b/.test(fs.readFileSync(file, 'utf8')))
    : []
