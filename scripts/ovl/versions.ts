import path from 'node:path'
import { lookAt, namesIn } from '../host/places.ts'

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
    namesIn(directory).flatMap(entry => {
      const version = name.exec(entry)?.[1]
      return version === undefined ? [] : { file: path.join(directory, entry), version }
    }),
  )
  return releases
    .filter(({ file }) => lookAt(file)?.isFile())
    .reduce<Release | undefined>(
      (best, release) => (best && compareVersions(best.version, release.version) >= 0 ? best : release),
      undefined,
    )
}

/**
 * Orders versions as people mean them: numbers by their value (`1.10` after `1.9`), and what is before a release before it
 * (`1.2.0-rc1` before `1.2.0`).
 * @returns below, at or above 0
 */
export function compareVersions(a: string, b: string): number {
  const [releaseA, previewA] = splitPreview(a)
  const [releaseB, previewB] = splitPreview(b)
  const order = compareText(releaseA, releaseB)
  if (order !== 0) return order
  if (previewA === undefined || previewB === undefined)
    return Number(previewA === undefined) - Number(previewB === undefined)
  return compareText(previewA, previewB)
}

function splitPreview(version: string): [release: string, preview: string | undefined] {
  const dash = version.indexOf('-')
  return dash < 0 ? [version, undefined] : [version.slice(0, dash), version.slice(dash + 1)]
}

/** Runs of digits are compared as numbers of any length, the rest by its characters; what is longer comes later. */
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
