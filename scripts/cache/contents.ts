import fs from 'node:fs'
import path from 'node:path'
import { entryNames, tryStat } from '../host/files.ts'
import { isUsedElsewhere, STAGING_PREFIX } from './clean.ts'

/** A directory of the cache: an entry, or what is left of a build. */
export interface CachedDirectory {
  /** `image-0123456789abcdef` */
  readonly name: string
  /** `image`, `template`, `layer` */
  readonly kind: string
  readonly place: string
  /** The lock that its builds hold. */
  readonly lock: string
  /** Space on the disk. Files that other entries share count once. */
  readonly bytes: number
  /** Milliseconds since the epoch. */
  readonly lastUse: number
  /** Whether a host that shares this cache has used it. */
  readonly isUsedElsewhere: boolean
}

/** `image-<key>`, and `making-image-<key>-<random>` while it is built. */
const NAME = new RegExp(`^(?:${STAGING_PREFIX})?([a-z]+)-([^-.]+)(?:-[^.]+)?$`)

/** The entries of the cache. Compiled programs are not among them: they are few, and replaced by themselves. */
export function listCache(cacheDirectory: string): readonly CachedDirectory[] {
  const counted = new Set<string>()
  return entryNames(cacheDirectory).flatMap(name => {
    const [, kind, key] = NAME.exec(name) ?? []
    const place = path.join(cacheDirectory, name)
    const stat = tryStat(place)
    if (kind === undefined || !stat?.isDirectory()) return []
    const lock = path.join(cacheDirectory, `${kind}-${key}.lock`)
    const isElsewhere = isUsedElsewhere(place)
    return [
      { name, kind, place, lock, bytes: sizeOf(place, counted), lastUse: stat.mtimeMs, isUsedElsewhere: isElsewhere },
    ]
  })
}

/** @param counted files with several links that were seen already */
function sizeOf(directory: string, counted: Set<string>): number {
  let bytes = 0
  for (const entry of fs.readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const stat = fs.lstatSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false })
    if (!stat) continue
    const id = `${stat.dev}:${stat.ino}`
    if (stat.nlink > 1 && counted.has(id)) continue
    if (stat.nlink > 1) counted.add(id)
    bytes += stat.blocks * 512
  }
  return bytes
}
