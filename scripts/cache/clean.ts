import fs from 'node:fs'
import path from 'node:path'
import { infrastructureFailure } from '../errors/failure.ts'
import { ifUnlocked } from '../host/lock.ts'
import { lookAt, namesIn } from '../host/places.ts'
import { thisHost } from '../host/this-host.ts'

/** Entries of one kind, where one is about to be made. */
export interface KindOfEntries {
  readonly cacheDirectory: string
  readonly kind: string
  /** Of the one that is about to be made; its lock is held. */
  readonly key: string
  readonly lockOf: (key: string) => string
  /** How many of the kind stay, besides those of the last `graceMs`; all when missing. */
  readonly most?: number | undefined
  /** How long after its last use an entry may still be opened by its name, in milliseconds. */
  readonly graceMs?: number | undefined
}

/** Where an entry is being made; whatever has this name while nobody holds the entry's lock is left over. */
export const MAKING = 'making-'
/** What no run has used for so long is removed when another of its kind is made: other versions of this program left it. */
const UNUSED_MS = 30 * 24 * 3600 * 1000
const GRACE_MS = 600_000
/** In an entry, with a host's key behind it: that host has used it. */
const USED_ON = 'used-on-'

/**
 * Removes what runs that are gone left half made, what nobody has used for long, and what is more than is to stay. What another process
 * has locked stays, and so does what another host has used that shares this cache: a VM there may run on it.
 */
export async function clean(entries: KindOfEntries): Promise<void> {
  const { cacheDirectory, kind, key, lockOf } = entries
  const name = new RegExp(`^(${MAKING})?${kind}-([^-.]+)(-[^.]+|\\.lock)?$`)
  const found = namesIn(cacheDirectory).flatMap(file => {
    const [, making, of, rest = ''] = name.exec(file) ?? []
    const place = path.join(cacheDirectory, file)
    if (of === undefined) return []
    return [{ place, of, isHalfMade: making !== undefined && rest.startsWith('-'), isLock: rest === '.lock' }]
  })
  const now = Date.now()
  const surplus = new Set(
    surplusOf(
      found.filter(({ isHalfMade, isLock }) => !isHalfMade && !isLock),
      entries,
      now,
    ),
  )
  for (const { place, of, isHalfMade } of found) {
    if (!(isHalfMade || surplus.has(place) || lastUse(place) < now - UNUSED_MS)) continue
    try {
      if (of !== key) await ifUnlocked(lockOf(of), lock => [place, lock].forEach(remove))
      else if (isHalfMade) remove(place)
    } catch {
      // no reason not to make this one: the next run tries again
    }
  }
}

function surplusOf(found: readonly { place: string; of: string }[], entries: KindOfEntries, now: number): string[] {
  const { key, most = Number.POSITIVE_INFINITY, graceMs = GRACE_MS } = entries
  return found
    .filter(({ of }) => of !== key)
    .map(({ place }) => ({ place, time: lastUse(place) }))
    .sort((a, b) => b.time - a.time)
    .slice(most - 1)
    .filter(({ place, time }) => time < now - graceMs && !isUsedElsewhere(place))
    .map(({ place }) => place)
}

/** Milliseconds since 1970; what is gone meanwhile was used just now. */
const lastUse = (place: string): number => lookAt(place)?.mtimeMs ?? Number.POSITIVE_INFINITY

const isUsedElsewhere = (place: string): boolean =>
  namesIn(place).some(name => name.startsWith(USED_ON) && name !== USED_ON + thisHost().key)

/** Records that this host uses an entry, now. */
export function markUsed(directory: string): void {
  const now = new Date()
  try {
    fs.closeSync(fs.openSync(path.join(directory, USED_ON + thisHost().key), 'a', 0o600))
    fs.utimesSync(directory, now, now)
  } catch {
    // a cache that others keep for us, to read only
  }
}

/**
 * Removes a directory of the cache. Again when it is not empty yet: the tools of a build whose run was killed may still write for a moment.
 * @throws Failure CACHE_NOT_WRITABLE (exit 4)
 */
export function remove(directory: string): void {
  try {
    fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  } catch (error) {
    throw infrastructureFailure('CACHE_NOT_WRITABLE', `cannot remove ${directory}: ${(error as Error).message}`)
  }
}
