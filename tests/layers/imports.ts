import fs from 'node:fs'
import path from 'node:path'

/**
 * `import … from './x'`, `export … from './x'`, `import './x'`, `import('./x')`, of values and types, as formatted by
 * biome.
 */
const IMPORT = /\b(?:from|import)(?: |\s*\(\s*)(?:'([^'\n]+)'|`([^`\n]+)`)/g
/** An import with a computed specifier. */
const DYNAMIC = /\bimport\(\s*[^'`\s)]/

/** Files that import modules of users. */
const OF_USERS = ['test-files/module.ts']

/**
 * The imports of each file in a tree, of values and types, static and dynamic.
 * @returns paths relative to the top, without files outside
 * @throws Error for a computed import, and for an import of a missing file
 */
export function importsIn(top: string): ReadonlyMap<string, readonly string[]> {
  const files = (fs.readdirSync(top, { recursive: true }) as string[]).filter(file => /\.ts$/.test(file)).sort()
  const importsOf = (file: string): readonly string[] => {
    const text = fs.readFileSync(path.join(top, file), 'utf8')
    if (DYNAMIC.test(text) && !OF_USERS.includes(file))
      throw new Error(`${file}: imports a module whose name is computed`)
    return [...text.matchAll(IMPORT)].flatMap(([, literal, template]) => {
      const specifier = literal ?? template ?? ''
      if (!specifier.startsWith('.')) return []
      const target = path.join(path.dirname(file), specifier)
      if (target.startsWith('..')) return []
      const found = files.filter(each => matches(target, each))
      if (found.length === 0) throw new Error(`${file}: imports ${specifier}, which does not exist`)
      return found
    })
  }
  return new Map(files.map(file => [file, importsOf(file)]))
}

/** A template matches any name in a path: `../connections/${name}/definition.ts`. */
const matches = (target: string, file: string): boolean =>
  new RegExp(
    `^${target
      .split(/\$\{[^}]*\}/)
      .map(escapeRegExp)
      .join('[^/]+')}$`,
  ).test(file)

const escapeRegExp = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The allowed imports. */
export interface Layers {
  /** Folders, from the bottom up: each may import those before it. */
  readonly order: readonly string[]
  /**
   * Private folders, with the files and folders outside that may import them. `a.ts → inner/b.ts` allows `a.ts` only
   * the import of `inner/b.ts`.
   */
  readonly privates: Readonly<Record<string, readonly string[]>>
}

/** Violations of the layers, and import cycles, one line each. */
export function flawsOf(
  imports: ReadonlyMap<string, readonly string[]>,
  { order, privates }: Layers,
): readonly string[] {
  const flaws = cyclesIn(imports)
  for (const [file, targets] of imports) {
    const own = folderOf(file)
    if (own !== '' && !order.includes(own)) flaws.push(`${file}: ${own} has no place in the order of folders`)
    for (const target of targets) {
      const other = folderOf(target)
      if (own !== '' && other !== own && order.indexOf(other) > order.indexOf(own))
        flaws.push(`${file} imports ${target}: ${own} is below ${other}`)
      for (const [folder, allowed] of Object.entries(privates)) {
        const isInside = (each: string) => each.startsWith(`${folder}/`)
        if (isInside(target) && !isInside(file) && !isAllowed(allowed, file, target))
          flaws.push(`${file} imports ${target}: ${folder} is private`)
      }
    }
  }
  return flaws
}

/** Whether an exception allows an import. */
const isAllowed = (allowed: readonly string[], file: string, target: string): boolean =>
  allowed.some(each => {
    const [from = '', to = ''] = each.split(' → ')
    return file.startsWith(from) && target.startsWith(to)
  })

/** The top folder of a file; empty for a file outside the folders, which may import everything. */
const folderOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : '')

/** One line for each import cycle: `a.ts → b.ts → a.ts`. */
function cyclesIn(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = []
  const done = new Set<string>()
  const way: string[] = []
  const visit = (file: string) => {
    const begin = way.indexOf(file)
    if (begin >= 0) circles.push([...way.slice(begin), file].join(' → '))
    if (begin >= 0 || done.has(file)) return
    way.push(file)
    for (const target of imports.get(file) ?? []) visit(target)
    way.pop()
    done.add(file)
  }
  for (const file of imports.keys()) visit(file)
  return circles
}
