import path from 'node:path'
import { ensureEntry, entryDirectory, keyOf, openEntry } from '../../../cache/cached.ts'
import { contentDigest, type Manifest } from '../../../cache/manifest.ts'
import { callersEnvironment } from '../../../host/environment.ts'
import { requireCommands, TO_BUILD } from '../../../host/requirements.ts'
import { type Built, buildImage, GUEST_DIRECTORY, IMAGE_FILES } from './build.ts'
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
  /** Ends a build that is under way, or the waiting for that of another run. */
  readonly signal?: AbortSignal
}

/**
 * The guest image: from the cache, or made when it is missing or damaged.
 *
 * Its name is derived from the release, the list of packages, and the files of this repository that go in or put it together.
 * Packages have the versions that the release had when the image was made, which stand in its manifest. Where they were
 * downloaded is not part of the name: Debian's signature makes all mirrors alike.
 * @throws Failure UNSUPPORTED_HOST, CACHE_NOT_WRITABLE, HOST_LACKS (exit 3), or of the build
 */
export async function ensureImage(request: ImageRequest): Promise<GuestImage> {
  const { onProgress, refresh, signal } = request
  const codename = request.codename ?? readCodename()
  const entry = entryOf(request.cacheDirectory, codename)
  const make = async (directory: string) => {
    requireCommands(TO_BUILD, callersEnvironment)
    return await buildImage(directory, codename, onProgress, signal)
  }
  return describeImage(
    entryDirectory(entry),
    await ensureEntry<Built>({ ...entry, onProgress, build: make, signal }, refresh),
  )
}

/** The image as it is in the cache: nothing is made, and what is damaged counts as missing. */
export async function findImage(cacheDirectory: string, onDamage: (line: string) => void) {
  const entry = entryOf(cacheDirectory, readCodename())
  const manifest = await openEntry<Built>({ ...entry, onProgress: onDamage })
  return manifest && describeImage(entryDirectory(entry), manifest)
}

/** The directory of the image that today's recipe makes. */
export const imageDirectory = (cacheDirectory: string, codename: string): string =>
  entryDirectory(entryOf(cacheDirectory, codename))

const FILES = Object.values(IMAGE_FILES)

const entryOf = (cacheDirectory: string, codename: string) => ({
  cacheDirectory,
  kind: 'image',
  files: FILES,
  key: keyOf({ recipe, codename, architecture: process.arch }, [GUEST_DIRECTORY, import.meta.dirname]),
})

function describeImage(directory: string, manifest: Manifest<Built>): GuestImage {
  const { kernelVersion, packages } = manifest
  const file = (name: keyof typeof IMAGE_FILES) => path.join(directory, IMAGE_FILES[name])
  const files = { kernel: file('kernel'), initrd: file('initrd'), root: file('root') }
  return { digest: contentDigest(manifest, FILES), directory, kernelVersion, packages, ...files }
}
