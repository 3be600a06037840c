import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, infrastructureFailure } from '../../../errors/failure.ts'
import { type Guest, kernelFile } from '../../../settings/guest.ts'
import { fetchKernel } from './debian-kernels.ts'
import { findDepmod } from './depmod.ts'
import { kernelVersionOf, requireKernel, unpackKernel } from './kernel.ts'
import { applyAlternatives } from './maintainer-scripts.ts'
import { moduleNames, pruneModules } from './modules.ts'
import { packInitrd, packRoot } from './pack.ts'
import { unpackPackages } from './packages.ts'
import { type PackageSources, readPackageSources } from './sources.ts'
import { copyGuestFiles, linkCommands, normalizeModes, programsIn, separateFromUsr, tidyTree } from './tree.ts'

/** The files of an image, in its directory. */
export const IMAGE_FILES = { kernel: 'vmlinux', initrd: 'initrd', root: 'root.squashfs' } as const

/** This repository's files for the guest's root and initrd. */
export const GUEST_DIRECTORY = path.resolve(import.meta.dirname, '../guest')

/** Temporary space for a build: the packages, their files and the images. */
const SPACE_NEEDED = 600 * 2 ** 20

export interface BuildResult {
  readonly kernelVersion: string
  /** Version of each package in the image, by name. */
  readonly packages: Readonly<Record<string, string>>
  readonly guest: Omit<Guest, 'archive'>
  /** Names of the programs and kernel modules in it. */
  readonly programs: readonly string[]
  readonly modules: readonly string[]
}

/**
 * Builds the image in an existing empty directory.
 * @param onProgress called with a line for each step that takes seconds
 * @throws Failure NO_SPACE, NO_PACKAGES (exit 3), or one of the tools (exit 4); the signal's reason when it is aborted
 */
export async function buildImage(
  directory: string,
  guest: Guest,
  onProgress: (line: string) => void,
  signal?: AbortSignal,
): Promise<BuildResult> {
  checkSpace(directory, SPACE_NEEDED)
  try {
    return await build(directory, guest, onProgress, signal)
  } catch (error) {
    // When the disk is full, that is why a tool failed, whatever its message is.
    checkSpace(directory, 2 ** 20, error)
    throw error
  }
}

async function build(
  directory: string,
  guest: Guest,
  onProgress: (line: string) => void,
  signal?: AbortSignal,
): Promise<BuildResult> {
  const file = (name: keyof typeof IMAGE_FILES) => path.join(directory, IMAGE_FILES[name])
  const root = path.join(directory, 'root')
  const sources = await readPackageSources(guest)
  onProgress(`image: downloading and unpacking packages of ${describeGuest(guest)}`)
  const unpacked = await unpackPackages(root, guest, sources, signal)
  separateFromUsr(root)
  const unrun = await applyAlternatives(root, unpacked.requested)
  if (unrun.length > 0)
    onProgress(`image: ${unrun.join(', ')}: maintainer scripts are not run: no users, services or capabilities`)
  const scratch = path.join(directory, 'kernel.d')
  const kernel = await findKernel(root, guest, sources, scratch, signal)
  const { kernelVersion } = kernel

  onProgress(`image: packing the root and the initrd (kernel ${kernelVersion})`)
  await unpackKernel(kernel.file, file('kernel'), guest.architecture)
  const modules = placeModules(root, kernel)
  await pruneModules(modules, guest.modules, await findDepmod(root, guest.architecture))
  copyGuestFiles(path.join(GUEST_DIRECTORY, 'root'), root)
  linkCommands(root)
  const init = path.join(GUEST_DIRECTORY, 'init')
  const anyKernel = kernelFile(guest) !== undefined
  packInitrd({ root, modules, init, more: guest.modules, anyKernel }, file('initrd'))
  normalizeModes(root)
  tidyTree(root)
  const content = { programs: programsIn(root), modules: moduleNames(modules) }
  await packRoot(root, file('root'), signal)
  fs.rmSync(root, { recursive: true })
  fs.rmSync(scratch, { recursive: true, force: true })
  const { archive: _, ...recorded } = guest
  return { kernelVersion, packages: { ...unpacked.versions, ...kernel.packages }, guest: recorded, ...content }
}

/** A guest in words: `Debian bookworm of 20261101T000000Z for arm64`. */
export const describeGuest = ({ release, architecture, snapshot }: Omit<Guest, 'archive'>): string =>
  `Debian ${release}${snapshot ? ` of ${snapshot}` : ''} for ${architecture}`

interface Kernel {
  readonly kernelVersion: string
  readonly file: string
  /** Its modules; undefined when they are in the root already, or there are none. */
  readonly modules?: string | undefined
  readonly packages?: Readonly<Record<string, string>>
}

async function findKernel(
  root: string,
  guest: Guest,
  sources: PackageSources,
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<Kernel> {
  const { kernel, modulesDirectory, architecture } = guest
  const file = kernelFile(guest)
  if (file !== undefined) {
    requireKernel(file, architecture)
    const kernelVersion = modulesDirectory ? path.basename(modulesDirectory) : kernelVersionOf(file)
    return { kernelVersion, file, modules: modulesDirectory }
  }
  if (kernel !== undefined) return await fetchKernel(kernel, scratch, guest, sources, signal)
  const kernelVersion = fs.readdirSync(path.join(root, 'lib/modules/'))[0]
  if (!kernelVersion) throw infrastructureFailure('NO_KERNEL', 'the packages contain no kernel modules')
  return { kernelVersion, file: path.join(root, `boot/vmlinuz-${kernelVersion}`) }
}

/** @returns the real directory of the kernel's modules in the root */
function placeModules(root: string, { kernelVersion, modules }: Kernel): string {
  const place = path.join(root, 'lib/modules', kernelVersion)
  if (modules !== undefined) {
    fs.mkdirSync(path.dirname(place), { recursive: true })
    const isModule = (file: string) => !/\/(build|source)$/.test(file)
    fs.cpSync(modules, place, { recursive: true, verbatimSymlinks: true, filter: isModule })
  } else fs.mkdirSync(place, { recursive: true })
  return fs.realpathSync(place)
}

/** @throws Failure NO_SPACE (exit 3) */
export function checkSpace(directory: string, needed: number, cause?: unknown): void {
  const { bavail, bsize } = fs.statfsSync(directory)
  const free = bavail * bsize
  if (free >= needed) return
  const mebibytes = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MiB`
  const why = `building the image needs ${mebibytes(SPACE_NEEDED)}, but ${mebibytes(free)} are free`
  throw environmentFailure('NO_SPACE', `${path.dirname(directory)}: ${why}`, {
    hint: 'set XDG_CACHE_HOME to a directory with more space',
    cause,
  })
}
