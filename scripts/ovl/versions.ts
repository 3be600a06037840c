import fs from 'node:fs'
import path from 'node:path'

/** A release archive, found by its name. */
export interface Release {
  readonly file: string
  readonly version: string
}

/**
 * The newest of the release archives in some directories.
 * @param name with the version as its first group
 * @returns undefined when there is none; the first directory's where several have the same version
 */
export function newestRelease(directories: readonly string[], name: RegExp): Release | undefined {
  const releases = directories.flatMap(directory =>
    listDirectory(directory).flatMap(entry => {
      const version = name.exec(entry)?.[1]
      return version === undefined ? [] : { file: path.join(directory, entry), version }
    }),
  )
  return releases.reduce<Release | undefined>(
    (best, release) => (best && compareVersions(best.version, release.version) >= 0 ? best : release),
    undefined,
  )
}

/**
 * Orders versions as SemVer does: numbers as numbers, and `1.2.0-rc1` before `1.2.0`.
 * @returns below, at or above 0
 */
export function compareVersions(a: string, b: string): number {
  const [releaseA = '', ...preA] = a.split('-')
  const [releaseB = '', ...preB] = b.split('-')
  const release = compareParts(releaseA.split('.'), releaseB.split('.'))
  if (release !== 0) return release
  if (preA.length === 0 || preB.length === 0) return preB.length - preA.length
  return compareParts(preA.join('-').split('.'), preB.join('-').split('.'))
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [x = '', y = ''] = [a[index], b[index]]
    const order = x.localeCompare(y, 'en', { numeric: true })
    if (order !== 0) return order
  }
  return 0
}

function listDirectory(directory: string): readonly string[] {
  try {
    return fs.readdirSync(directory)
  } catch {
    return [] // most people have no such directory, and nobody has to
  }
}
