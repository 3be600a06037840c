import path from 'node:path'
import { ensureEntry, entryDirectory, keyOf, openEntry } from '../../../cache/cached.ts'
import { contentDigest, type Manifest } from '../../../cache/manifest.ts'
import { callersEnvironment } from '../../../host/environment.ts'
import { requireCommands, TO_BUILD } from '../../../host/requirements.ts'
import { type BuildResult, buildImage, GUEST_DIRECTORY, IMAGE_FILES } from './build.ts'
import { recipe } from './recipe.ts'
import { readCodename } from './release.ts'

/** The image that VMs boot from. */
export interface GuestImage extends BuildResult {
  /** Hexadecimal digest of the content. */
  readonly digest: string
  readonly directory: string
  readonly kernel: string
  readonly initrd: string
  readonly root: string
}

export interface ImageRequest {
  readonly cacheDirectory: string
  readonly onProgress: (line: string) => void
  /** Rebuild it, with the current packages. */
  readonly refresh?: boolean
  /** The Debian release; the host's by default. */
  readonly codename?: string
  /** Aborts a build, or the wait for the build of another run. */
  readonly signal?: AbortSignal
}

/**
 * Returns the guest image from the cache; builds it when it is missing or damaged.
 *
 * The cache key covers the release, the list of packages, and the files of this repository that are part of the image
 * or build it. The versions of the packages at build time are in the manifest. The mirror is not part of the key, since
 * packages are signed.
 * @throws Failure UNSUPPORTED_HOST, CACHE_NOT_WRITABLE, HOST_LACKS (exit 3), or one of the build
 */
export async function ensureImage(request: ImageRequest): Promise<GuestImage> {
  const { onProgress, refresh, signal } = request
  const codename = request.codename ?? readCodename()
  const entry = entryOf(request.cacheDirectory, codename)
  const build = async (directory: string) => {
    requireCommands(TO_BUILD, callersEnvironment)
    return await buildImage(directory, codename, onProgress, signal)
  }
  return describeImage(
    entryDirectory(entry),
    await ensureEntry<BuildResult>({ ...entry, onProgress, build, signal }, refresh),
  )
}

/** Finds the image in the cache without building it; a damaged image counts as missing. */
export async function findImage(cacheDirectory: string, onDamage: (line: string) => void) {
  const entry = entryOf(cacheDirectory, readCodename())
  const manifest = await openEntry<BuildResult>({ ...entry, onProgress: onDamage })
  return manifest && describeImage(entryDirectory(entry), manifest)
}

/** The directory of the image for the current recipe. */
export const imageDirectory = (cacheDirectory: string, codename: string): string =>
  entryDirectory(entryOf(cacheDirectory, codename))

const FILES = Object.values(IMAGE_FILES)

const entryOf = (cacheDirectory: string, codename: string) => ({
  cacheDirectory,
  kind: 'image',
  files: FILES,
  key: keyOf({ recipe, codename, architecture: process.arch }, [GUEST_DIRECTORY, import.meta.dirname]),
})

function describeImage(directory: string, manifest: Manifest<BuildResult>): GuestImage {
  const { kernelVersion, packages } = manifest
  const file = (name: keyof typeof IMAGE_FILES) => path.join(directory, IMAGE_FILES[name])
  const files = { kernel: file('kernel'), initrd: file('initrd'), root: file('root') }
  return { digest: contentDigest(manifest, FILES), directory, kernelVersion, packages, ...files }
}
