import fs from 'node:fs'
import path from 'node:path'
import { run } from '../../../host/command.ts'
import { cpioArchive } from './cpio.ts'
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
  /** Names of modules to load besides the recipe's. */
  readonly more: readonly string[]
  /** Whether the kernel may lack modules of the recipe. */
  readonly anyKernel: boolean
}

/**
 * Packs the initrd: busybox, the early modules and `init`.
 * @param target the file to write
 */
export function packInitrd({ root, modules, init, more, anyKernel }: InitrdParts, target: string): void {
  const dependencies = fs.readFileSync(path.join(modules, 'modules.dep'), 'utf8')
  const builtin = readBuiltin(modules)
  // A kernel that the user built may have them built in, without saying so.
  const unknown = anyKernel ? missingModules(dependencies, builtin, recipe.earlyModules) : []
  const early = recipe.earlyModules.filter(name => !unknown.includes(name))
  const order = loadOrder(dependencies, builtin, [...early, ...more])
  const directory = (name: string) => ({ name, mode: 0o040755 })
  const file = (name: string, mode: number, content: Buffer) => ({ name, mode: 0o100000 | mode, content })
  const archive = cpioArchive([
    ...['.', 'bin', 'dev', 'modules', 'proc', 'sys'].map(directory),
    file('bin/busybox', 0o755, fs.readFileSync(path.join(root, BUSYBOX))),
    file('init', 0o755, fs.readFileSync(init)),
    ...order.map(name => file(`modules/${path.basename(name)}`, 0o644, fs.readFileSync(path.join(modules, name)))),
    file('modules/order', 0o644, Buffer.from(order.map(name => `${path.basename(name)}\n`).join(''))),
  ])
  fs.writeFileSync(target, archive)
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
