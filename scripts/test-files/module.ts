import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import type { BuildFailure, Plugin, PluginBuild } from 'esbuild'
import { shownPath } from '../host/shown-path.ts'
import { locationIn } from '../host/stack.ts'
import type { Issue } from './issues.ts'
import { lineAndColumn, memberFinder } from './source-positions.ts'
import type { ParsedFile } from './yaml.ts'

/** The public module of this program, which test files import by the name of the package. */
const PACKAGE = 'xcluster-netns'
const API = path.resolve(import.meta.dirname, '../api.ts')

/**
 * Imports a test file: as JavaScript on every Node, with its TypeScript and the modules beside it, and this program's
 * public module wherever the file lies.
 * @returns its default export, or the mistakes
 */
export async function importModule(
  file: string,
  shown: string,
): Promise<ParsedFile | { readonly issues: readonly Issue[] }> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-test-'))
  try {
    const output = path.join(directory, `${path.parse(file).name}.mjs`)
    const issues = await bundle(file, output)
    if (issues.length > 0) return { issues }
    // Otherwise failures would have places in the output.
    process.setSourceMapsEnabled(true)
    const module: { readonly default?: unknown } = await import(pathToFileURL(output).href)
    const source = fs.readFileSync(file, 'utf8')
    const find = memberFinder(source)
    const locate = (path: readonly (string | number)[]) => {
      const offset = find(path)
      return offset === undefined ? shown : `${shown}:${lineAndColumn(source, offset)}`
    }
    if (module.default !== undefined) return { value: module.default, locate }
    const message = 'has no default export'
    return { issues: [{ location: shown, key: '', message }] }
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
    return { issues: [{ location: locationIn(stack, file, shown) ?? shown, key: '', message }] }
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

async function bundle(file: string, outfile: string): Promise<readonly Issue[]> {
  const { build } = await import('esbuild')
  try {
    await build({
      entryPoints: [file],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      sourcesContent: false,
      logLevel: 'silent',
      // Not that of the user's project: its options are for other programs.
      tsconfigRaw: {},
      plugins: [resolver(file)],
    })
    return []
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>
    if (!errors?.length) throw error
    return errors.map(({ text, location }) => ({
      location: location ? `${shownPath(location.file)}:${location.line}:${location.column + 1}` : shownPath(file),
      key: '',
      message: text,
    }))
  }
}

/** Modules of packages stay where they are; those beside the test become part of it. */
const resolver = (file: string): Plugin => ({
  name: 'test-file',
  setup: (build: PluginBuild) => {
    build.onResolve({ filter: /^[^./]/ }, async ({ path: name, pluginData, resolveDir, kind }) => {
      if (pluginData === 'resolving' || kind === 'entry-point' || name.startsWith('node:')) return undefined
      if (name === PACKAGE) return { path: API }
      const found = await build.resolve(name, { resolveDir, kind, pluginData: 'resolving' })
      if (found.errors.length > 0 || found.external) return found
      return { path: pathToFileURL(found.path).href, external: true }
    })
    build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, ({ path: source }) => {
      if (source === API || !source.startsWith(path.dirname(file))) return undefined
      const contents = fs
        .readFileSync(source, 'utf8')
        .replaceAll(/\bimport\.meta\.dirname\b/g, JSON.stringify(path.dirname(source)))
        .replaceAll(/\bimport\.meta\.filename\b/g, JSON.stringify(source))
        .replaceAll(/\bimport\.meta\.url\b/g, JSON.stringify(pathToFileURL(source).href))
      return { contents, loader: /\.[cm]?tsx?$/.test(source) ? 'ts' : 'js' }
    })
  },
})
