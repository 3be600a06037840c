import fs from 'node:fs'
import path from 'node:path'
import { infrastructureFailure } from '../../../errors/failure.ts'
import { run } from '../../../host/command.ts'
import { recipe } from './recipe.ts'

/**
 * Removes the modules that guests do not use, decompresses the others and rebuilds the index.
 * @param modules the directory of one kernel version, `…/lib/modules/<version>`
 */
export async function pruneModules(modules: string): Promise<void> {
  const kernel = path.join(modules, 'kernel')
  const packed: string[] = []
  for (const entry of fs.readdirSync(kernel, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    if (!isKept(path.relative(kernel, file))) fs.rmSync(file)
    else if (file.endsWith('.xz')) packed.push(file)
  }
  // Compressed since Debian 13. busybox loads only uncompressed modules, which are also faster for an emulated guest.
  if (packed.length > 0) await run('xz', ['--decompress', '--', ...packed])
  const version = path.basename(modules)
  await run('depmod', ['--basedir', path.resolve(modules, '../../..'), version])
}

/** @param file path of a module below `kernel/` */
export const isKept = (file: string): boolean =>
  recipe.modules.some(kept => file.startsWith(kept)) && !recipe.withoutModules.some(left => file.startsWith(left))

/**
 * Returns the files of modules in loading order, without modules that are built into the kernel.
 * @param dependencies the text of modules.dep: `<file>: <dependencies, the deepest last>`
 * @param builtin the text of modules.builtin, one file a line
 * @throws Failure NO_MODULE (exit 4)
 */
export function loadOrder(dependencies: string, builtin: string, names: readonly string[]): readonly string[] {
  const needs = new Map<string, readonly string[]>()
  for (const line of dependencies.split('\n')) {
    const [file, rest] = line.split(':')
    if (file) needs.set(file, rest?.trim().split(/\s+/).filter(Boolean) ?? [])
  }
  const builtinNames = new Set(builtin.split('\n').map(file => path.basename(file)))
  const order = new Set<string>()
  for (const name of names) {
    const file = [...needs.keys()].find(candidate => path.basename(candidate) === `${name}.ko`)
    if (file) {
      for (const needed of [...(needs.get(file) ?? [])].reverse()) order.add(needed)
      order.add(file)
    } else if (!builtinNames.has(`${name}.ko`))
      throw infrastructureFailure('NO_MODULE', `the kernel has no module ${name}`)
  }
  return [...order]
}
