import fs from 'node:fs'
import path from 'node:path'
import { ensureEntry, entryDirectory, keyOf, openEntry } from '../../../cache/cached.ts'
import { contentDigest, type Manifest, stampOf } from '../../../cache/manifest.ts'
import { callersEnvironment } from '../../../host/environment.ts'
import { type Requirement, requireCommands, TO_BUILD } from '../../../host/requirements.ts'
import { DEFAULT_GUEST, type Guest, kernelFile } from '../../../settings/guest.ts'
import type { ImageFacts } from '../../kind.ts'
import { type BuildResult, buildImage, GUEST_DIRECTORY, IMAGE_FILES } from './build.ts'
import { requireKernel } from './kernel.ts'
import { recipe } from './recipe.ts'

/** The image that VMs boot from. */
export interface GuestImage extends BuildResult {
  /** Hexadecimal digest of the content. */
  readonly digest: string
  readonly directory: string
  readonly kernel: string
  readonly initrd: string
  readonly root: string
  readonly architecture: Guest['architecture']
}

export interface ImageRequest {
  readonly cacheDirectory: string
  readonly onProgress: (line: string) => void
  /** Rebuild it, with the current packages. */
  readonly refresh?: boolean
  /** What to build; the default guest when missing. */
  readonly guest?: Guest
  /** Aborts a build, or the wait for the build of another run. */
  readonly signal?: AbortSignal
}

/**
 * Returns the guest image from the cache; builds it when it is missing or damaged.
 *
 * The cache key covers the guest, the list of packages, and the files of this repository that are part of the image
 * or build it. The versions of the packages at build time are in the manifest. The mirror is not part of the key, since
 * packages are signed.
 * @throws Failure BAD_KERNEL (exit 2), CACHE_NOT_WRITABLE, HOST_LACKS (exit 3), or one of the build
 */
export async function ensureImage(request: ImageRequest): Promise<GuestImage> {
  const { onProgress, refresh, signal, guest = DEFAULT_GUEST } = request
  const entry = entryOf(request.cacheDirectory, guest)
  const build = async (directory: string) => {
    const isNeeded = ({ package: name }: Requirement) => name !== KEYS || !guest.archive.keyring
    requireCommands(TO_BUILD.filter(isNeeded), callersEnvironment)
    return await buildImage(directory, guest, onProgress, signal)
  }
  const manifest = await ensureEntry<BuildResult>({ ...entry, onProgress, build, signal }, refresh)
  return describeImage(entryDirectory(entry), guest, manifest)
}

/** Finds the image in the cache without building it; a damaged image counts as missing. */
export async function findImage(cacheDirectory: string, guest: Guest, onDamage: (line: string) => void) {
  const entry = entryOf(cacheDirectory, guest)
  const manifest = await openEntry<BuildResult>({ ...entry, onProgress: onDamage })
  return manifest && describeImage(entryDirectory(entry), guest, manifest)
}

/** The content of the cached image; undefined when it is not built. Starts no build. */
export async function inspectImage(
  cacheDirectory: string,
  guest: Guest,
  onDamage: (line: string) => void,
): Promise<ImageFacts | undefined> {
  const entry = entryOf(cacheDirectory, guest)
  const manifest = await openEntry<BuildResult>({ ...entry, onProgress: onDamage })
  if (!manifest) return undefined
  const { release, architecture, snapshot } = manifest.guest
  const directory = entryDirectory(entry)
  return {
    release,
    architecture,
    ...(snapshot && { snapshot }),
    kernel: manifest.kernelVersion,
    built: fs.statSync(path.join(directory, IMAGE_FILES.root)).mtime.toISOString(),
    bytes: Object.values(manifest.files).reduce((sum, { size }) => sum + Number(size), 0),
    key: entry.key,
    directory,
    packages: manifest.packages,
    programs: manifest.programs,
    modules: manifest.modules,
  }
}

/** The directory of the image for the current recipe. */
export const imageDirectory = (cacheDirectory: string, guest: Guest = DEFAULT_GUEST): string =>
  entryDirectory(entryOf(cacheDirectory, guest))

/** The package with Debian's keys, which `--keyring` replaces. */
const KEYS = 'debian-archive-keyring'

const FILES = Object.values(IMAGE_FILES)

function entryOf(cacheDirectory: string, guest: Guest) {
  const { archive: _, kernel, ...rest } = guest
  const file = kernelFile(guest)
  if (file !== undefined) requireKernel(file, guest.architecture)
  const values = { recipe, guest: { ...rest, kernel: file === undefined ? kernel : stampsOf(guest) } }
  const key = keyOf(values, [GUEST_DIRECTORY, import.meta.dirname], file === undefined ? [] : [file])
  return { cacheDirectory, kind: 'image', files: FILES, key }
}

/** Identifies the modules of a kernel that the user built without reading them. */
function stampsOf({ modulesDirectory }: Guest): unknown {
  if (modulesDirectory === undefined) return 'a file'
  const index = path.join(modulesDirectory, 'modules.dep')
  return [modulesDirectory, ...[modulesDirectory, index].filter(file => fs.existsSync(file)).map(stampOf)]
}

function describeImage(directory: string, { architecture }: Guest, manifest: Manifest<BuildResult>): GuestImage {
  const { files: _, ...facts } = manifest
  const file = (name: keyof typeof IMAGE_FILES) => path.join(directory, IMAGE_FILES[name])
  const files = { kernel: file('kernel'), initrd: file('initrd'), root: file('root') }
  return { ...facts, digest: contentDigest(manifest, FILES), directory, architecture, ...files }
}
