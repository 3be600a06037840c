import fs from 'node:fs'
import path from 'node:path'
import { run } from '../../../host/command.ts'
import { loadOrder, missingModules, readBuiltin } from './modules.ts'
import { recipe } from './recipe.ts'
import { BUSYBOX } from './tree.ts'

/** The time of all files, for reproducible images. */
const IMAGE_TIME = '0'

export interface InitrdParts {
  readonly root: string
  /** `lib/modules/<version>` of the kernel, pruned. */
  readonly modules: string
  /** The script for the guest's PID 1. */
  readonly init: string
  /** A directory that is created and removed. */
  readonly scratch: string
  /** Names of modules to load besides the recipe's. */
  readonly more: readonly string[]
  /** Whether the kernel may lack modules of the recipe. */
  readonly anyKernel: boolean
}

/**
 * Packs the initrd: busybox, the early modules and `init`.
 * @param target the file to write
 */
export async function packInitrd(
  { root, modules, init, scratch, more, anyKernel }: InitrdParts,
  target: string,
): Promise<void> {
  for (const name of ['bin', 'dev', 'proc', 'sys', 'modules'])
    fs.mkdirSync(path.join(scratch, name), { recursive: true })
  for (const name of fs.readdirSync(scratch)) fs.chmodSync(path.join(scratch, name), 0o755)
  fs.chmodSync(scratch, 0o755)
  const put = (from: string, name: string, mode: number) => {
    fs.copyFileSync(from, path.join(scratch, name))
    fs.chmodSync(path.join(scratch, name), mode)
  }
  put(path.join(root, BUSYBOX), 'bin/busybox', 0o755)
  put(init, 'init', 0o755)
  const dependencies = fs.readFileSync(path.join(modules, 'modules.dep'), 'utf8')
  const builtin = readBuiltin(modules)
  // A kernel that the user built may have them built in, without saying so.
  const unknown = anyKernel ? missingModules(dependencies, builtin, recipe.earlyModules) : []
  const early = recipe.earlyModules.filter(name => !unknown.includes(name))
  const order = loadOrder(dependencies, builtin, [...early, ...more])
  for (const file of order) put(path.join(modules, file), `modules/${path.basename(file)}`, 0o644)
  const list = path.join(scratch, 'modules/order')
  fs.writeFileSync(list, order.map(file => `${path.basename(file)}\n`).join(''))
  fs.chmodSync(list, 0o644)
  await run('find', ['.', '-exec', 'touch', '-h', '-d', `@${IMAGE_TIME}`, '{}', '+'], { cwd: scratch })
  const pack = 'find . | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc -R 0:0'
  await run('/bin/sh', ['-c', pack], { cwd: scratch, stdout: target })
  fs.rmSync(scratch, { recursive: true })
}

/**
 * Packs a tree, owned by root, as an uncompressed squashfs: an emulated guest would spend its boot on decompression.
 * The host's page cache holds the file once for all guests.
 */
export async function packRoot(root: string, target: string, signal?: AbortSignal): Promise<void> {
  const plain = ['-noI', '-noD', '-noF', '-noX', '-no-xattrs', '-all-root']
  const times = ['-mkfs-time', IMAGE_TIME, '-all-time', IMAGE_TIME]
  await run('mksquashfs', [root, target, ...plain, ...times, '-quiet', '-no-progress'], { signal, reapOrphans: true })
}
