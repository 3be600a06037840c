import fs from 'node:fs'
import path from 'node:path'
import { run } from '../../../host/command.ts'
import { loadOrder } from './modules.ts'
import { recipe } from './recipe.ts'
import { BUSYBOX } from './tree.ts'

/** The time of all files, for reproducible images. */
const IMAGE_TIME = '0'

/**
 * Packs the initrd: busybox, the early modules and `init`.
 * @param init the script for the guest's PID 1
 * @param scratch a directory that is created and removed
 * @param target the file to write
 */
export async function packInitrd(
  { root, modules, init, scratch }: { root: string; modules: string; init: string; scratch: string },
  target: string,
): Promise<void> {
  for (const name of ['bin', 'dev', 'proc', 'sys', 'modules'])
    fs.mkdirSync(path.join(scratch, name), { recursive: true })
  const put = (from: string, name: string, mode: number) => {
    fs.copyFileSync(from, path.join(scratch, name))
    fs.chmodSync(path.join(scratch, name), mode)
  }
  put(path.join(root, BUSYBOX), 'bin/busybox', 0o755)
  put(init, 'init', 0o755)
  const index = (name: string) => fs.readFileSync(path.join(modules, name), 'utf8')
  const order = loadOrder(index('modules.dep'), index('modules.builtin'), recipe.earlyModules)
  for (const file of order) put(path.join(modules, file), `modules/${path.basename(file)}`, 0o644)
  fs.writeFileSync(path.join(scratch, 'modules/order'), order.map(file => `${path.basename(file)}\n`).join(''))
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
