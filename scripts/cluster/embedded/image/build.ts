import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, infrastructureFailure } from '../../../errors/failure.ts'
import { run } from '../../../host/command.ts'
import { recipe } from './recipe.ts'
import type { PackageSources } from './release.ts'

/** The files of an image, in the directory where it is built and later kept. */
export const IMAGE_FILES = { kernel: 'vmlinuz', initrd: 'initrd', root: 'root.squashfs' } as const

/** What is put on the guest's root and in its initrd, as this repository has it. */
export const GUEST_DIRECTORY = path.resolve(import.meta.dirname, '../guest')

/** Bytes that a build needs for a while: the packages, their files and the images of them. */
const SPACE_NEEDED = 700 * 1024 * 1024
/** All files of the image have this time, so that the same packages give the same image. */
const IMAGE_TIME = '0'

export interface Built {
  readonly kernelVersion: string
  /** Name and version of every package in it. */
  readonly packages: Readonly<Record<string, string>>
}

/**
 * Makes the image's files in a directory that is there and empty.
 * @param onProgress gets a line for each step that takes seconds
 * @throws Failure NO_SPACE (exit 3), or of the tools (exit 4)
 */
export async function buildImage(
  directory: string,
  sources: PackageSources,
  onProgress: (line: string) => void,
): Promise<Built> {
  const { bavail, bsize } = fs.statfsSync(directory)
  if (bavail * bsize < SPACE_NEEDED) {
    throw environmentFailure(
      'NO_SPACE',
      `${directory}: making the image needs ${SPACE_NEEDED >> 20} MiB, and ${Math.floor((bavail * bsize) / 2 ** 20)} MiB are free`,
      {
        hint: 'set XDG_CACHE_HOME to a directory with more space',
      },
    )
  }
  const root = path.join(directory, 'root')
  onProgress(`image: downloading and unpacking packages of Debian ${sources.codename}`)
  await unpackPackages(root, sources)
  const packages = await packageVersions(root)
  const kernelVersion = fs.readdirSync(path.join(root, 'lib/modules'))[0]
  if (!kernelVersion) throw infrastructureFailure('NO_KERNEL', 'the packages brought no kernel modules')

  onProgress(`image: packing the root and the initrd (kernel ${kernelVersion})`)
  fs.renameSync(path.join(root, `boot/vmlinuz-${kernelVersion}`), path.join(directory, IMAGE_FILES.kernel))
  const modules = path.join(root, 'lib/modules', kernelVersion)
  pruneModules(modules)
  await run(path.join(root, 'bin/busybox'), ['depmod', '-b', root, kernelVersion])
  copyGuestFiles(path.join(GUEST_DIRECTORY, 'root'), root)
  await linkApplets(root)
  await packInitrd(directory, root, modules)
  await packRoot(directory, root)
  fs.rmSync(root, { recursive: true })
  return { kernelVersion, packages }
}

/** `extract` runs no maintainer scripts, so that neither root's rights nor a user namespace are needed. */
async function unpackPackages(root: string, { codename, lines, proxies }: PackageSources): Promise<void> {
  const words = ['--mode=chrootless', '--variant=extract', `--include=${recipe.packages.join(',')}`]
  words.push(...recipe.excludedPaths.map(pattern => `--dpkgopt=path-exclude=${pattern}`))
  words.push(...proxies.map(proxy => `--aptopt=${proxy}`))
  await run('mmdebstrap', [...words, codename, root, ...lines], {
    environment: { SOURCE_DATE_EPOCH: IMAGE_TIME },
    failure: { exitCode: 3, code: 'NO_PACKAGES', hint: 'are the package sources in reach? `apt-get update` tells' },
  })
}

async function packageVersions(root: string): Promise<Record<string, string>> {
  // dpkg's database is of no use to the guest, only to us.
  const status = fs.readFileSync(path.join(root, 'var/lib/dpkg/status'), 'utf8')
  const entries = [...status.matchAll(/^Package: (.+)$[\s\S]*?^Version: (.+)$/gm)]
  return Object.fromEntries(entries.map(([, name, version]) => [name, version]))
}

function pruneModules(modules: string): void {
  const kernel = path.join(modules, 'kernel')
  const isKept = (directory: string) =>
    recipe.moduleDirectories.some(kept => directory === kept || directory.startsWith(`${kept}/`)) &&
    !recipe.withoutModules.some(left => directory === left || directory.startsWith(`${left}/`))
  for (const entry of fs.readdirSync(kernel, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const directory = path.relative(kernel, entry.parentPath)
    if (!isKept(directory)) fs.rmSync(path.join(entry.parentPath, entry.name))
  }
}

/** As git has them, whatever the umask: only the executable bit counts. */
function copyGuestFiles(from: string, to: string): void {
  for (const entry of fs.readdirSync(from, { recursive: true, withFileTypes: true })) {
    const source = path.join(entry.parentPath, entry.name)
    const target = path.join(to, path.relative(from, source))
    if (entry.isDirectory()) fs.mkdirSync(target, { recursive: true })
    else {
      fs.copyFileSync(source, target)
      fs.chmodSync(target, fs.statSync(source).mode & 0o100 ? 0o755 : 0o644)
    }
  }
}

/** busybox stands in for every command that no package brought, `grep` and `sed` among them. */
async function linkApplets(root: string): Promise<void> {
  const applets = (await run(path.join(root, 'bin/busybox'), ['--list'])).split('\n').filter(Boolean)
  const places = ['bin', 'sbin', 'usr/bin', 'usr/sbin']
  // A link that leads nowhere counts: what it leads to comes from an alternative, or is absolute.
  const isThere = (place: string, name: string) => fs.lstatSync(path.join(root, place, name), { throwIfNoEntry: false })
  for (const name of applets) {
    if (!places.some(place => isThere(place, name))) fs.symlinkSync('busybox', path.join(root, 'bin', name))
  }
}

async function packInitrd(directory: string, root: string, modules: string): Promise<void> {
  const tree = path.join(directory, 'initrd.d')
  for (const name of ['bin', 'dev', 'proc', 'sys', 'modules']) fs.mkdirSync(path.join(tree, name), { recursive: true })
  fs.copyFileSync(path.join(root, 'bin/busybox'), path.join(tree, 'bin/busybox'))
  fs.copyFileSync(path.join(GUEST_DIRECTORY, 'init'), path.join(tree, 'init'))
  fs.chmodSync(path.join(tree, 'init'), 0o755)
  fs.chmodSync(path.join(tree, 'bin/busybox'), 0o755)
  const order = loadOrder(fs.readFileSync(path.join(modules, 'modules.dep'), 'utf8'), recipe.earlyModules)
  for (const file of order) fs.copyFileSync(path.join(modules, file), path.join(tree, 'modules', path.basename(file)))
  fs.writeFileSync(path.join(tree, 'modules/order'), order.map(file => `${path.basename(file)}\n`).join(''))
  const pack = 'find . | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc -R 0:0'
  await run('/bin/sh', ['-c', `cd "$1" && ${pack} >"$2"`, 'sh', tree, path.join(directory, IMAGE_FILES.initrd)])
  fs.rmSync(tree, { recursive: true })
}

/**
 * The files of modules in an order in which each can be loaded.
 * @param dependencies the text of modules.dep: `<file>: <files that it needs, the deepest last>`
 * @throws Failure NO_MODULE (exit 4)
 */
export function loadOrder(dependencies: string, names: readonly string[]): readonly string[] {
  const needs = new Map<string, readonly string[]>()
  for (const line of dependencies.split('\n')) {
    const [file, rest] = line.split(':')
    if (file) needs.set(file, rest?.trim().split(/\s+/).filter(Boolean) ?? [])
  }
  const order = new Set<string>()
  for (const name of names) {
    const file = [...needs.keys()].find(candidate => path.basename(candidate) === `${name}.ko`)
    if (!file) throw infrastructureFailure('NO_MODULE', `the kernel has no module ${name}`)
    for (const needed of [...(needs.get(file) ?? [])].reverse()) order.add(needed)
    order.add(file)
  }
  return [...order]
}

/** Not compressed: a guest without hardware virtualisation would spend its boot unpacking, and the host's page cache holds it once for all. */
async function packRoot(directory: string, root: string): Promise<void> {
  for (const useless of ['var/cache/apt', 'var/lib/apt', 'var/lib/dpkg', 'boot', 'dev/console']) {
    fs.rmSync(path.join(root, useless), { recursive: true, force: true })
  }
  for (const mountPoint of ['proc', 'sys', 'run', 'tmp', 'root', 'dev'])
    fs.mkdirSync(path.join(root, mountPoint), { recursive: true })
  const plain = ['-noI', '-noD', '-noF', '-noX', '-no-xattrs']
  const words = [
    root,
    path.join(directory, IMAGE_FILES.root),
    '-all-root',
    ...plain,
    '-mkfs-time',
    IMAGE_TIME,
    '-all-time',
    IMAGE_TIME,
  ]
  await run('mksquashfs', [...words, '-quiet', '-no-progress'])
}
