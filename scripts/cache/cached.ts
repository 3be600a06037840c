import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure } from '../errors/failure.ts'
import { makePrivateDirectory } from '../host/directories.ts'
import { reasonOf } from '../host/files.ts'
import { withLock } from '../host/lock.ts'
import { clean, markUsed, remove, STAGING_PREFIX } from './clean.ts'
import { type Manifest, readManifest, writeManifest } from './manifest.ts'

/** Files that are expensive to build, and therefore cached. */
export interface CacheEntry<Facts> {
  readonly cacheDirectory: string
  readonly kind: string
  /** Hexadecimal digest of all inputs of the build. */
  readonly key: string
  readonly files: readonly string[]
  /**
   * Builds the files in an empty directory.
   * @returns facts for the manifest
   */
  readonly build: (directory: string) => Promise<Facts>
  readonly onProgress: (line: string) => void
  /** Aborts waiting for another run's build; does not abort the build itself. */
  readonly signal?: AbortSignal | undefined
  /** See `EntriesOfKind` in clean.ts. */
  readonly maxEntries?: number
  readonly graceMs?: number
}

const DISK_ERRORS = new Set(['EDQUOT', 'EFBIG', 'EIO', 'ENOSPC'])

export const entryDirectory = ({
  cacheDirectory,
  kind,
  key,
}: Pick<CacheEntry<unknown>, 'cacheDirectory' | 'kind' | 'key'>) => path.join(cacheDirectory, `${kind}-${key}`)

/** One lock per entry, so that different entries can be built at the same time. */
const lockFile = (entry: Parameters<typeof entryDirectory>[0]) => `${entryDirectory(entry)}.lock`

/**
 * Opens an entry, and builds it first when it is missing or damaged. Concurrent runs build it once.
 * @param refresh rebuild it in any case
 * @throws Failure CACHE_NOT_WRITABLE, NO_SPACE (exit 3), or one of the build; the signal's reason when aborted
 */
export async function ensureEntry<Facts>(entry: CacheEntry<Facts>, refresh = false): Promise<Manifest<Facts>> {
  const { cacheDirectory, kind, onProgress, signal } = entry
  const found = refresh ? undefined : await openEntry<Facts>(entry)
  if (found) return found
  makeCacheDirectory(cacheDirectory)
  return await withLock(
    lockFile(entry),
    async () => {
      try {
        // Another run may have built it while this one waited for the lock.
        const built = refresh ? undefined : await openEntry<Facts>({ ...entry, onProgress: () => {} })
        return built ?? (await buildEntry(entry))
      } finally {
        remove(lockFile(entry))
      }
    },
    { onWait: () => onProgress(`${kind}: waiting for another run that is building it`), signal },
  )
}

/** Opens an entry without building it. @returns undefined when it is missing or damaged */
export async function openEntry<Facts>(entry: Omit<CacheEntry<Facts>, 'build'>): Promise<Manifest<Facts> | undefined> {
  const directory = entryDirectory(entry)
  if (!fs.existsSync(directory)) return undefined
  try {
    const manifest = await readManifest<Facts>(directory, entry.files)
    markUsed(directory)
    return manifest
  } catch (error) {
    entry.onProgress(`${entry.kind}: ${directory} is damaged (${(error as Error).message})`)
    return undefined
  }
}

/** Removes an unusable entry, so that the next run rebuilds it. Never throws; the next build removes leftovers. */
export function discardEntry(entry: Pick<CacheEntry<unknown>, 'cacheDirectory' | 'kind' | 'key'>): void {
  try {
    // Renamed first: other runs may be using the directory, and must not see it half removed.
    const staging = fs.mkdtempSync(path.join(entry.cacheDirectory, `${STAGING_PREFIX}${entry.kind}-${entry.key}-`))
    fs.renameSync(entryDirectory(entry), staging)
    fs.rmSync(staging, { recursive: true, force: true })
  } catch {
    // Another node or run removed it, or the cache is read-only.
  }
}

/** Key of an entry: digest of values, and of files' content, for those in directories also their names and x bits. */
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

async function buildEntry<Facts>(entry: CacheEntry<Facts>): Promise<Manifest<Facts>> {
  const { cacheDirectory, kind, key, files, maxEntries, graceMs, onProgress } = entry
  const lockOf = (other: string) => lockFile({ cacheDirectory, kind, key: other })
  await clean({ cacheDirectory, kind, key, lockOf, maxEntries, graceMs })
  const staging = fs.mkdtempSync(path.join(cacheDirectory, `${STAGING_PREFIX}${kind}-${key}-`))
  const directory = entryDirectory(entry)
  try {
    const manifest = await writeManifest(staging, files, await entry.build(staging))
    remove(directory)
    fs.renameSync(staging, directory)
    markUsed(directory)
    onProgress(`${kind}: built in ${directory}`)
    return manifest
  } catch (error) {
    remove(staging)
    if (!DISK_ERRORS.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    throw environmentFailure('NO_SPACE', `${cacheDirectory}: the ${kind} cannot be built: ${reasonOf(error)}`, {
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
      hint: 'set XDG_CACHE_HOME to a writable directory',
      cause: error,
    })
  }
}
