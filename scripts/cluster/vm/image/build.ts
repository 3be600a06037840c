import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, infrastructureFailure } from '../../../errors/failure.ts'
import { unpackKernel } from './kernel.ts'
import { pruneModules } from './modules.ts'
import { packInitrd, packRoot } from './pack.ts'
import { unpackPackages } from './packages.ts'
import { readPackageSources } from './release.ts'
import { copyGuestFiles, linkCommands, separateFromUsr, tidyTree } from './tree.ts'

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
}

/**
 * Builds the image in an existing empty directory.
 * @param codename the Debian release
 * @param onProgress called with a line for each step that takes seconds
 * @throws Failure NO_SPACE, NO_PACKAGES (exit 3), or one of the tools (exit 4); the signal's reason when it is aborted
 */
export async function buildImage(
  directory: string,
  codename: string,
  onProgress: (line: string) => void,
  signal?: AbortSignal,
): Promise<BuildResult> {
  checkSpace(directory, SPACE_NEEDED)
  try {
    return await build(directory, codename, onProgress, signal)
  } catch (error) {
    // When the disk is full, that is why a tool failed, whatever its message is.
    checkSpace(directory, 2 ** 20, error)
    throw error
  }
}

async function build(
  directory: string,
  codename: string,
  onProgress: (line: string) => void,
  signal?: AbortSignal,
): Promise<BuildResult> {
  const file = (name: keyof typeof IMAGE_FILES) => path.join(directory, IMAGE_FILES[name])
  const root = path.join(directory, 'root')
  onProgress(`image: downloading and unpacking packages of Debian ${codename}`)
  const packages = await unpackPackages(root, codename, await readPackageSources(codename), signal)
  separateFromUsr(root)
  const kernelVersion = fs.readdirSync(path.join(root, 'lib/modules/'))[0]
  if (!kernelVersion) throw infrastructureFailure('NO_KERNEL', 'the packages contain no kernel modules')

  onProgress(`image: packing the root and the initrd (kernel ${kernelVersion})`)
  await unpackKernel(path.join(root, `boot/vmlinuz-${kernelVersion}`), file('kernel'))
  const modules = fs.realpathSync(path.join(root, 'lib/modules', kernelVersion))
  await pruneModules(modules)
  copyGuestFiles(path.join(GUEST_DIRECTORY, 'root'), root)
  await linkCommands(root)
  const init = path.join(GUEST_DIRECTORY, 'init')
  await packInitrd({ root, modules, init, scratch: path.join(directory, 'initrd.d') }, file('initrd'))
  tidyTree(root)
  await packRoot(root, file('root'), signal)
  fs.rmSync(root, { recursive: true })
  return { kernelVersion, packages }
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
