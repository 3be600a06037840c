import path from 'node:path'
import { entryNames, tryStat } from '../host/files.ts'

export interface Release {
  readonly file: string
  readonly version: string
}

/**
 * Finds the newest release archive.
 * @param name matches file names, with the version as first group
 * @returns undefined when there is none; among equal versions, that of the first directory
 */
export function newestRelease(directories: readonly string[], name: RegExp): Release | undefined {
  const releases = directories.flatMap(directory =>
    entryNames(directory).flatMap(entry => {
      const version = name.exec(entry)?.[1]
      return version === undefined ? [] : { file: path.join(directory, entry), version }
    }),
  )
  return releases
    .filter(({ file }) => tryStat(file)?.isFile())
    .reduce<Release | undefined>(
      (best, release) => (best && compareVersions(best.version, release.version) >= 0 ? best : release),
      undefined,
    )
}

/**
 * Compares versions: numbers by value (`1.10` after `1.9`), and pre-releases before their release (`1.2.0-rc1` before
 * `1.2.0`).
 * @returns negative, 0 or positive, as for `Array.sort`
 */
export function compareVersions(a: string, b: string): number {
  const [releaseA, preReleaseA] = splitPreRelease(a)
  const [releaseB, preReleaseB] = splitPreRelease(b)
  const order = compareText(releaseA, releaseB)
  if (order !== 0) return order
  if (preReleaseA === undefined || preReleaseB === undefined)
    return Number(preReleaseA === undefined) - Number(preReleaseB === undefined)
  return compareText(preReleaseA, preReleaseB)
}

function splitPreRelease(version: string): [release: string, preRelease: string | undefined] {
  const dash = version.indexOf('-')
  return dash < 0 ? [version, undefined] : [version.slice(0, dash), version.slice(dash + 1)]
}

/** Compares runs of digits as numbers of any length, other runs as text; a prefix comes first. */
function compareText(a: string, b: string): number {
  const [runsA, runsB] = [runs(a), runs(b)]
  for (let index = 0; index < Math.max(runsA.length, runsB.length); index += 1) {
    const [x = '', y = ''] = [runsA[index], runsB[index]]
    const order = /^\d/.test(x) && /^\d/.test(y) ? compare(BigInt(x), BigInt(y)) : compare(x, y)
    if (order !== 0) return order
  }
  return 0
}

const runs = (text: string): readonly string[] => text.match(/\d+|\D+/g) ?? []

const compare = <T extends string | bigint>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
