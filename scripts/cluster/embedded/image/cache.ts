import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { environmentFailure } from '../../../errors/failure.ts'
import { withLock } from '../../../host/lock.ts'
import { requireCommands, TO_BUILD } from '../../../host/requirements.ts'
import { callersEnvironment } from '../../../settings/environment.ts'
import { type Built, buildImage, GUEST_DIRECTORY, IMAGE_FILES } from './build.ts'
import { recipe } from './recipe.ts'
import { type PackageSources, readPackageSources } from './release.ts'

/** What VMs boot from. */
export interface GuestImage extends Built {
  /** Names everything that went in, in hexadecimal. */
  readonly key: string
  readonly kernel: string
  readonly initrd: string
  readonly root: string
}

export interface ImageRequest {
  readonly cacheDirectory: string
  readonly onProgress: (line: string) => void
  /** Make it anew, with the packages of today. */
  readonly refresh?: boolean
}

/** How a file was when its digest was taken: as long as this is the same, so is the content. */
interface Seal {
  readonly sha256: string
  readonly size: string
  readonly mtimeNs: string
  readonly ctimeNs: string
  readonly inode: string
}

interface Manifest extends Built {
  readonly files: Readonly<Record<string, Seal>>
}

const MANIFEST = 'manifest.json'

/**
 * The guest image: from the cache, or made when it is missing or damaged. Runs at the same time make it once.
 *
 * Its name is derived from the recipe, the guest's files of this repository, and the release and sources of the packages. Their
 * versions are those of the day when it was made, and stand in its manifest.
 * @throws Failure CACHE_NOT_WRITABLE, HOST_LACKS (exit 3), or of the build
 */
export async function ensureImage(request: ImageRequest): Promise<GuestImage> {
  const sources = await readPackageSources()
  const key = imageKey(sources)
  const directory = path.join(request.cacheDirectory, `image-${key}`)
  if (!request.refresh) {
    const image = await openImage(directory, key, request.onProgress)
    if (image) return image
  }
  requireCommands(TO_BUILD, callersEnvironment)
  makeCacheDirectory(request.cacheDirectory)
  return await withLock(
    path.join(request.cacheDirectory, 'image.lock'),
    async () => {
      // Another run may have made it while this one waited for the lock.
      const made = request.refresh ? undefined : await openImage(directory, key, () => {})
      return made ?? (await makeImage(directory, key, sources, request))
    },
    () => request.onProgress('image: another run is making it; waiting'),
  )
}

/** Digest of everything that is put into the image. */
function imageKey(sources: PackageSources): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify({ recipe, codename: sources.codename, lines: sources.lines, arch: process.arch }))
  for (const file of [...guestFiles(), path.join(import.meta.dirname, 'build.ts')]) {
    const executable = (fs.statSync(file).mode & 0o100) !== 0
    hash.update(JSON.stringify([path.relative(GUEST_DIRECTORY, file), executable])).update(fs.readFileSync(file))
  }
  return hash.digest('hex').slice(0, 16)
}

const guestFiles = (): readonly string[] =>
  fs
    .readdirSync(GUEST_DIRECTORY, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
    .sort()

async function openImage(
  directory: string,
  key: string,
  onDamage: (line: string) => void,
): Promise<GuestImage | undefined> {
  let manifest: Manifest
  try {
    manifest = JSON.parse(fs.readFileSync(path.join(directory, MANIFEST), 'utf8')) as Manifest
    for (const [name, seal] of Object.entries(manifest.files)) {
      const file = path.join(directory, name)
      if (isUntouched(file, seal)) continue
      if ((await digest(file)) !== seal.sha256) throw new Error(`${name} is not what it was`)
    }
  } catch (error) {
    if (fs.existsSync(directory))
      onDamage(`image: ${directory} is damaged (${(error as Error).message}): making it anew`)
    return undefined
  }
  const { kernelVersion, packages } = manifest
  const file = (name: keyof typeof IMAGE_FILES) => path.join(directory, IMAGE_FILES[name])
  return { key, kernelVersion, packages, kernel: file('kernel'), initrd: file('initrd'), root: file('root') }
}

async function makeImage(
  directory: string,
  key: string,
  sources: PackageSources,
  request: ImageRequest,
): Promise<GuestImage> {
  // The lock is ours: what other builds left here belongs to processes that are gone.
  for (const name of fs.readdirSync(request.cacheDirectory)) {
    if (name.startsWith('making-')) fs.rmSync(path.join(request.cacheDirectory, name), { recursive: true })
  }
  const making = fs.mkdtempSync(path.join(request.cacheDirectory, 'making-'))
  try {
    const built = await buildImage(making, sources, request.onProgress)
    fs.rmSync(directory, { recursive: true, force: true })
    fs.renameSync(making, directory)
    await writeManifest(directory, built)
  } catch (error) {
    fs.rmSync(making, { recursive: true, force: true })
    throw error
  }
  const image = await openImage(directory, key, request.onProgress)
  if (!image) throw new Error('the image just made cannot be read')
  request.onProgress(`image: made in ${directory}`)
  return image
}

/** Comes last: an image without it does not count. */
async function writeManifest(directory: string, built: Built): Promise<void> {
  const files: Record<string, Seal> = {}
  for (const name of Object.values(IMAGE_FILES)) files[name] = await seal(path.join(directory, name))
  const manifest: Manifest = { ...built, files }
  fs.writeFileSync(path.join(directory, `${MANIFEST}.new`), JSON.stringify(manifest, undefined, 2))
  fs.renameSync(path.join(directory, `${MANIFEST}.new`), path.join(directory, MANIFEST))
}

const stamp = (file: string) => {
  const { size, mtimeNs, ctimeNs, ino } = fs.statSync(file, { bigint: true })
  return { size: String(size), mtimeNs: String(mtimeNs), ctimeNs: String(ctimeNs), inode: String(ino) }
}

const seal = async (file: string): Promise<Seal> => ({ sha256: await digest(file), ...stamp(file) })

/** Nobody can set the time of a file's last change of status: with it and the rest unchanged the content is. */
function isUntouched(file: string, { sha256: _, ...sealed }: Seal): boolean {
  return JSON.stringify(stamp(file)) === JSON.stringify(sealed)
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(fs.createReadStream(file, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

function makeCacheDirectory(directory: string): void {
  try {
    fs.mkdirSync(directory, { recursive: true })
    fs.accessSync(directory, fs.constants.W_OK)
  } catch (error) {
    throw environmentFailure('CACHE_NOT_WRITABLE', `cannot write to ${directory}`, {
      hint: 'set XDG_CACHE_HOME to a directory of yours',
      cause: error,
    })
  }
}
