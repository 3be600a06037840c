import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure } from '../errors/failure.ts'
import { makePrivateDirectory } from '../host/directories.ts'
import { withLock } from '../host/lock.ts'
import { reasonOf } from '../host/places.ts'
import { clean, MAKING, markUsed, remove } from './clean.ts'
import { readSealed, type Sealed, seal } from './sealed.ts'

/** Files that take time to make, and are kept. */
export interface CacheEntry<Facts> {
  readonly cacheDirectory: string
  /** What they are, for messages and names: `image`. */
  readonly kind: string
  /** Digest of everything that decides what is in them, in hexadecimal. */
  readonly key: string
  readonly files: readonly string[]
  /**
   * Makes them in a directory that is there and empty.
   * @returns what is to be known about them
   */
  readonly make: (directory: string) => Promise<Facts>
  readonly onProgress: (line: string) => void
  /** Ends the waiting for another run that makes it; the making has its own. */
  readonly signal?: AbortSignal | undefined
  /** How many of the kind are kept, and how long after its last use one may still be opened by its name: see clean.ts. */
  readonly most?: number
  readonly graceMs?: number
}

/** Why a disk does not take what is made. */
const DISK_ERRORS = new Set(['EDQUOT', 'EFBIG', 'EIO', 'ENOSPC'])

/** The directory of an entry. */
export const entryDirectory = ({
  cacheDirectory,
  kind,
  key,
}: Pick<CacheEntry<unknown>, 'cacheDirectory' | 'kind' | 'key'>) => path.join(cacheDirectory, `${kind}-${key}`)

/** Held while an entry is made: one that is being made keeps nobody from making another. */
const lockFile = (entry: Parameters<typeof entryDirectory>[0]) => `${entryDirectory(entry)}.lock`

/**
 * An entry as it is, or made when it is missing or damaged. Runs at the same time make it once.
 * @param refresh make it anew in any case
 * @throws Failure CACHE_NOT_WRITABLE, NO_SPACE (exit 3), or of the making; the signal's reason when that is aborted
 */
export async function ensureEntry<Facts>(entry: CacheEntry<Facts>, refresh = false): Promise<Sealed<Facts>> {
  const { cacheDirectory, kind, onProgress, signal } = entry
  const found = refresh ? undefined : await openEntry<Facts>(entry)
  if (found) return found
  makeCacheDirectory(cacheDirectory)
  return await withLock(
    lockFile(entry),
    async () => {
      try {
        // Another run may have made it while this one waited for the lock.
        const made = refresh ? undefined : await openEntry<Facts>({ ...entry, onProgress: () => {} })
        return made ?? (await makeEntry(entry))
      } finally {
        remove(lockFile(entry))
      }
    },
    { onWait: () => onProgress(`${kind}: another run is making it; waiting`), signal },
  )
}

/** An entry as it is in the cache: nothing is made, and what is damaged counts as missing. */
export async function openEntry<Facts>(entry: Omit<CacheEntry<Facts>, 'make'>): Promise<Sealed<Facts> | undefined> {
  const directory = entryDirectory(entry)
  if (!fs.existsSync(directory)) return undefined
  try {
    const sealed = await readSealed<Facts>(directory, entry.files)
    markUsed(directory)
    return sealed
  } catch (error) {
    entry.onProgress(`${entry.kind}: ${directory} is damaged (${(error as Error).message})`)
    return undefined
  }
}

/**
 * Takes an entry that proved useless out of the cache, so that the next run makes another. Never throws: what cannot be removed now
 * is left for the next run that makes one of its kind.
 */
export function discardEntry(entry: Pick<CacheEntry<unknown>, 'cacheDirectory' | 'kind' | 'key'>): void {
  try {
    // By one step: a directory that is half removed would be found damaged, and runs may still write or read in it.
    const place = fs.mkdtempSync(path.join(entry.cacheDirectory, `${MAKING}${entry.kind}-${entry.key}-`))
    fs.renameSync(entryDirectory(entry), place)
    fs.rmSync(place, { recursive: true, force: true })
  } catch {
    // another node or run was faster, or the cache is others' to write
  }
}

/** Digest of values and files, for a key: of the files their names below a directory, whether they can be run, and their content. */
export function keyOf(values: unknown, directories: readonly string[], files: readonly string[] = []): string {
  const hash = createHash('sha256').update(JSON.stringify(values))
  for (const directory of directories) {
    for (const file of filesBelow(directory)) {
      const executable = (fs.statSync(file).mode & 0o100) !== 0
      hash.update(JSON.stringify([path.relative(directory, file), executable])).update(fs.readFileSync(file))
    }
  }
  for (const file of files) hash.update(fs.readFileSync(file))
  return hash.digest('hex').slice(0, 16)
}

const filesBelow = (directory: string): readonly string[] =>
  fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
    .sort()

async function makeEntry<Facts>(entry: CacheEntry<Facts>): Promise<Sealed<Facts>> {
  const { cacheDirectory, kind, key, files, onProgress } = entry
  const { most, graceMs } = entry
  await clean({ cacheDirectory, kind, key, lockOf: of => lockFile({ cacheDirectory, kind, key: of }), most, graceMs })
  const place = fs.mkdtempSync(path.join(cacheDirectory, `${MAKING}${kind}-${key}-`))
  const directory = entryDirectory(entry)
  try {
    const sealed = await seal(place, files, await entry.make(place))
    remove(directory)
    fs.renameSync(place, directory)
    markUsed(directory)
    onProgress(`${kind}: made in ${directory}`)
    return sealed
  } catch (error) {
    remove(place)
    if (!DISK_ERRORS.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    throw environmentFailure('NO_SPACE', `${cacheDirectory}: the ${kind} cannot be made: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}

function makeCacheDirectory(directory: string): void {
  try {
    makePrivateDirectory(directory)
    fs.accessSync(directory, fs.constants.W_OK | fs.constants.X_OK)
  } catch (error) {
    throw environmentFailure('CACHE_NOT_WRITABLE', `cannot write to ${directory}: ${reasonOf(error)}`, {
      hint: 'set XDG_CACHE_HOME to a directory of yours',
      cause: error,
    })
  }
}
