import fs from 'node:fs'
import path from 'node:path'
import { infrastructureFailure } from '../errors/failure.ts'
import { entryNames, tryStat } from '../host/files.ts'
import { ifUnlocked } from '../host/lock.ts'
import { thisHost } from '../host/this-host.ts'

export interface EntriesOfKind {
  readonly cacheDirectory: string
  readonly kind: string
  /** Key of the entry to build, whose lock the caller holds. */
  readonly key: string
  readonly lockOf: (key: string) => string
  /** How many entries to retain, besides those used in the last `graceMs`; default: all. */
  readonly maxEntries?: number | undefined
  /** Default: {@link GRACE_MS}. */
  readonly graceMs?: number | undefined
}

/** Prefix of the directory in which an entry is built. While nobody holds the entry's lock, it is a leftover. */
export const STAGING_PREFIX = 'making-'
/** Entries that are unused for this long are removed; older versions of this program left them. */
const UNUSED_MS = 30 * 24 * 3600 * 1000
/** How long after its last use a run may still open an entry. */
export const GRACE_MS = 600_000
/** Prefix of a marker file in an entry; the key of a host that has used it follows. */
const USED_ON = 'used-on-'

/**
 * Removes leftovers of killed builds, long unused entries, and the oldest entries beyond `maxEntries` unless another
 * host has used them, whose VMs may run on them. Retains locked entries.
 */
export async function clean(entries: EntriesOfKind): Promise<void> {
  const { cacheDirectory, kind, key, lockOf } = entries
  const name = new RegExp(`^(${STAGING_PREFIX})?${kind}-([^-.]+)(-[^.]+|\\.lock)?$`)
  const found = entryNames(cacheDirectory).flatMap(file => {
    const [, staging, entryKey, rest = ''] = name.exec(file) ?? []
    const place = path.join(cacheDirectory, file)
    if (entryKey === undefined) return []
    return [{ place, entryKey, isStaging: staging !== undefined && rest.startsWith('-'), isLock: rest === '.lock' }]
  })
  const now = Date.now()
  const surplus = new Set(
    surplusOf(
      found.filter(({ isStaging, isLock }) => !isStaging && !isLock),
      entries,
      now,
    ),
  )
  for (const { place, entryKey, isStaging } of found) {
    if (!(isStaging || surplus.has(place) || lastUse(place) < now - UNUSED_MS)) continue
    try {
      if (entryKey !== key) await ifUnlocked(lockOf(entryKey), lock => [place, lock].forEach(remove))
      else if (isStaging) remove(place)
    } catch {
      // The next build retries; this one must not fail.
    }
  }
}

function surplusOf(
  found: readonly { place: string; entryKey: string }[],
  entries: EntriesOfKind,
  now: number,
): string[] {
  const { key, maxEntries = Number.POSITIVE_INFINITY, graceMs = GRACE_MS } = entries
  return found
    .filter(({ entryKey }) => entryKey !== key)
    .map(({ place }) => ({ place, time: lastUse(place) }))
    .sort((a, b) => b.time - a.time)
    .slice(maxEntries - 1)
    .filter(({ place, time }) => time < now - graceMs && !isUsedElsewhere(place))
    .map(({ place }) => place)
}

/** Milliseconds since the epoch; infinity when the entry is gone. */
const lastUse = (place: string): number => tryStat(place)?.mtimeMs ?? Number.POSITIVE_INFINITY

/** Whether a host that shares the cache has used an entry: its VMs may run on it. */
export const isUsedElsewhere = (place: string): boolean =>
  entryNames(place).some(name => name.startsWith(USED_ON) && name !== USED_ON + thisHost().key)

/** Records that this host uses an entry now, so that {@link clean} retains it. */
export function markUsed(directory: string): void {
  const now = new Date()
  try {
    fs.closeSync(fs.openSync(path.join(directory, USED_ON + thisHost().key), 'a', 0o600))
    fs.utimesSync(directory, now, now)
  } catch {
    // A shared, read-only cache.
  }
}

/**
 * Removes a directory of the cache. Retries: the tools of a killed build may still write into it for a moment.
 * @throws Failure CACHE_NOT_WRITABLE (exit 4)
 */
export function remove(directory: string): void {
  try {
    fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  } catch (error) {
    throw infrastructureFailure('CACHE_NOT_WRITABLE', `cannot remove ${directory}: ${(error as Error).message}`)
  }
}
