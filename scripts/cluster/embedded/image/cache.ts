import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, infrastructureFailure } from '../../../errors/failure.ts'
import { makeDirectory } from '../../../host/directories.ts'
import { withLock } from '../../../host/lock.ts'
import { requireCommands, TO_BUILD } from '../../../host/requirements.ts'
import { callersEnvironment } from '../../../settings/environment.ts'
import { type Built, buildImage, GUEST_DIRECTORY, IMAGE_FILES } from './build.ts'
import { contentDigest, type Manifest, readManifest, writeManifest } from './manifest.ts'
import { recipe } from './recipe.ts'
import { readCodename } from './release.ts'

/** What VMs boot from. */
export interface GuestImage extends Built {
  /** Names the content, in hexadecimal. */
  readonly digest: string
  readonly directory: string
  readonly kernel: string
  readonly initrd: string
  readonly root: string
}

export interface ImageRequest {
  readonly cacheDirectory: string
  readonly onProgress: (line: string) => void
  /** Make it anew, with the packages of today. */
  readonly refresh?: boolean
  /** The release whose packages are taken; the host's own. */
  readonly codename?: string
  /** Ends a build that is under way. */
  readonly signal?: AbortSignal
}

/** Where a build is under way; whatever has this name while nobody builds is left over. */
const MAKING = 'making-'
/** An image that no run has used for so long goes when another is made: other versions of this program left it. */
const UNUSED_DAYS = 30

/**
 * The guest image: from the cache, or made when it is missing or damaged. Runs at the same time make it once.
 *
 * Its name is derived from the release, the list of packages, and the files of this repository that go in or put it together.
 * Packages have the versions that the release had when the image was made, which stand in its manifest. Where they were
 * downloaded is not part of the name: Debian's signature makes all mirrors alike.
 * @throws Failure UNSUPPORTED_HOST, CACHE_NOT_WRITABLE, HOST_LACKS (exit 3), or of the build
 */
export async function ensureImage(request: ImageRequest): Promise<GuestImage> {
  const codename = request.codename ?? readCodename()
  const directory = imageDirectory(request.cacheDirectory, codename)
  if (!request.refresh) {
    const image = await openImage(directory, request.onProgress)
    if (image) return image
  }
  requireCommands(TO_BUILD, callersEnvironment)
  makeCacheDirectory(request.cacheDirectory)
  return await withLock(
    path.join(request.cacheDirectory, 'image.lock'),
    async () => {
      // Another run may have made it while this one waited for the lock.
      const made = request.refresh ? undefined : await openImage(directory, () => {})
      return made ?? (await makeImage(directory, codename, request))
    },
    () => request.onProgress('image: another run is making it; waiting'),
  )
}

/** The image as it is in the cache: nothing is made, and what is damaged counts as missing. */
export async function findImage(cacheDirectory: string, onDamage: (line: string) => void) {
  return await openImage(imageDirectory(cacheDirectory, readCodename()), onDamage)
}

/** The directory of the image that today's recipe makes. */
export const imageDirectory = (cacheDirectory: string, codename: string): string =>
  path.join(cacheDirectory, `image-${imageKey(codename)}`)

/** Digest of everything that decides what the image is. */
function imageKey(codename: string): string {
  const hash = createHash('sha256').update(JSON.stringify({ recipe, codename, architecture: process.arch }))
  for (const directory of [GUEST_DIRECTORY, import.meta.dirname]) {
    for (const file of filesBelow(directory)) {
      const executable = (fs.statSync(file).mode & 0o100) !== 0
      hash.update(JSON.stringify([path.relative(GUEST_DIRECTORY, file), executable])).update(fs.readFileSync(file))
    }
  }
  return hash.digest('hex').slice(0, 16)
}

const filesBelow = (directory: string): readonly string[] =>
  fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
    .sort()

async function openImage(directory: string, onDamage: (line: string) => void): Promise<GuestImage | undefined> {
  if (!fs.existsSync(directory)) return undefined
  try {
    const image = describeImage(directory, await readManifest(directory))
    markUsed(directory)
    return image
  } catch (error) {
    onDamage(`image: ${directory} is damaged (${(error as Error).message})`)
    return undefined
  }
}

function describeImage(directory: string, manifest: Manifest): GuestImage {
  const { kernelVersion, packages } = manifest
  const file = (name: keyof typeof IMAGE_FILES) => path.join(directory, IMAGE_FILES[name])
  const files = { kernel: file('kernel'), initrd: file('initrd'), root: file('root') }
  return { digest: contentDigest(manifest), directory, kernelVersion, packages, ...files }
}

async function makeImage(directory: string, codename: string, request: ImageRequest): Promise<GuestImage> {
  const { cacheDirectory, onProgress, signal } = request
  removeLeftovers(cacheDirectory)
  const making = fs.mkdtempSync(path.join(cacheDirectory, MAKING))
  try {
    const manifest = await writeManifest(making, await buildImage(making, codename, onProgress, signal))
    remove(directory)
    fs.renameSync(making, directory)
    onProgress(`image: made in ${directory}`)
    return describeImage(directory, manifest)
  } catch (error) {
    remove(making)
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    throw environmentFailure('NO_SPACE', `${cacheDirectory}: no space left while the image was made`, { cause: error })
  }
}

/** The lock is ours: what other builds left here belongs to runs that are gone. */
function removeLeftovers(cacheDirectory: string): void {
  const tooOld = Date.now() - UNUSED_DAYS * 24 * 3600 * 1000
  for (const name of fs.readdirSync(cacheDirectory)) {
    const entry = path.join(cacheDirectory, name)
    if (name.startsWith(MAKING) || (name.startsWith('image-') && fs.statSync(entry).mtimeMs < tooOld)) remove(entry)
  }
}

/** Again when it is not empty yet: the tools of a build whose run was killed may still write for a moment. */
function remove(directory: string): void {
  try {
    fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  } catch (error) {
    throw infrastructureFailure('CACHE_NOT_WRITABLE', `cannot remove ${directory}: ${(error as Error).message}`)
  }
}

function markUsed(directory: string): void {
  const now = new Date()
  try {
    fs.utimesSync(directory, now, now)
  } catch {
    // a cache that others keep for us, to read only
  }
}

function makeCacheDirectory(directory: string): void {
  try {
    makeDirectory(directory)
    fs.accessSync(directory, fs.constants.W_OK | fs.constants.X_OK)
  } catch (error) {
    throw environmentFailure('CACHE_NOT_WRITABLE', `cannot write to ${directory}`, {
      hint: 'set XDG_CACHE_HOME to a directory of yours',
      cause: error,
    })
  }
}
