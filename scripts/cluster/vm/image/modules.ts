import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, infrastructureFailure } from '../../../errors/failure.ts'
import { run } from '../../../host/command.ts'
import type { Depmod } from './depmod.ts'
import { recipe } from './recipe.ts'

/** busybox loads only uncompressed modules, which are also faster for an emulated guest. Debian compresses since 13. */
const PACKERS = [
  { suffix: '.xz', command: 'xz', words: ['--decompress'] },
  { suffix: '.zst', command: 'zstd', words: ['--decompress', '--rm', '--quiet'] },
  { suffix: '.gz', command: 'gzip', words: ['--decompress'] },
] as const

/**
 * Removes the modules that guests do not use, decompresses the others and rebuilds the index.
 * @param modules the directory of one kernel version, `…/lib/modules/<version>`
 * @param requested names of other modules to keep, with their dependencies
 * @param depmod the command that writes the index
 * @throws Failure NO_MODULE (exit 3) when the kernel has none of a requested name
 */
export async function pruneModules(
  modules: string,
  requested: readonly string[] = [],
  [program = '', ...options]: Depmod = ['depmod'],
): Promise<void> {
  const kernel = path.join(modules, 'kernel')
  const words = [...options, '--basedir', path.resolve(modules, '../../..'), path.basename(modules)]
  const depmod = () => run(program, words)
  const needed = requested.length > 0 ? await depmod().then(() => neededFiles(modules, requested)) : new Set()
  const kept: string[] = []
  for (const entry of fs.readdirSync(modules, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const isOutside = !file.startsWith(`${kernel}/`)
    if (isOutside || isKept(path.relative(kernel, file)) || needed.has(path.relative(modules, file))) kept.push(file)
    else fs.rmSync(file)
  }
  for (const { suffix, command, words } of PACKERS) {
    const packed = kept.filter(file => file.endsWith(`.ko${suffix}`))
    if (packed.length > 0) await run(command, [...words, '--', ...packed])
  }
  await depmod()
}

/** @param file path of a module below `kernel/` */
export const isKept = (file: string): boolean =>
  recipe.modules.some(kept => file.startsWith(kept)) && !recipe.withoutModules.some(left => file.startsWith(left))

/** The name of a module's file as `modprobe` and `lsmod` spell it. */
const moduleName = (file: string): string =>
  path
    .basename(file)
    .replace(/\.ko.*$/, '')
    .replaceAll('-', '_')

/** Names of the modules in a directory, sorted. */
export const moduleNames = (modules: string): readonly string[] =>
  (fs.readdirSync(modules, { recursive: true }) as string[])
    .filter(file => file.endsWith('.ko'))
    .map(moduleName)
    .sort()

function neededFiles(modules: string, requested: readonly string[]): ReadonlySet<string> {
  const index = (name: string) => fs.readFileSync(path.join(modules, name), 'utf8')
  const missing = missingModules(index('modules.dep'), readBuiltin(modules), requested)
  if (missing.length > 0)
    throw environmentFailure('NO_MODULE', `the kernel ${path.basename(modules)} has no module ${missing.join(', ')}`, {
      hint: 'names are those of modprobe; another kernel: --kernel',
    })
  return new Set(loadOrder(index('modules.dep'), readBuiltin(modules), requested))
}

/** The text of modules.builtin; empty for a kernel without one. */
export const readBuiltin = (modules: string): string => {
  const file = path.join(modules, 'modules.builtin')
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
}

/** The names that are neither a module nor built into the kernel. */
export function missingModules(dependencies: string, builtin: string, names: readonly string[]): readonly string[] {
  const files = [...dependencies.split('\n').map(line => line.split(':')[0] ?? ''), ...builtin.split('\n')]
  const known = new Set(files.map(moduleName))
  return names.filter(name => !known.has(name.replaceAll('-', '_')))
}

/**
 * Returns the files of modules in loading order, without modules that are built into the kernel.
 * @param dependencies the text of modules.dep: `<file>: <dependencies, the deepest last>`
 * @param builtin the text of modules.builtin, one file a line
 * @throws Failure NO_MODULE (exit 4)
 */
export function loadOrder(dependencies: string, builtin: string, names: readonly string[]): readonly string[] {
  const [missing] = missingModules(dependencies, builtin, names)
  if (missing) throw infrastructureFailure('NO_MODULE', `the kernel has no module ${missing}`)
  const needs = new Map<string, readonly string[]>()
  for (const line of dependencies.split('\n')) {
    const [file, rest] = line.split(':')
    if (file) needs.set(file, rest?.trim().split(/\s+/).filter(Boolean) ?? [])
  }
  const order = new Set<string>()
  for (const name of names) {
    const file = [...needs.keys()].find(candidate => moduleName(candidate) === name.replaceAll('-', '_'))
    if (!file) continue
    for (const needed of [...(needs.get(file) ?? [])].reverse()) order.add(needed)
    order.add(file)
  }
  return [...order]
}
