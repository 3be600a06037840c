// Node before 22.18 does not run TypeScript: bundles each program as one script, in node_modules or the user's cache,
// once per state of the sources. Without a bundle, transpiling each module would add half a second to every start.
import path from 'node:path'
import process from 'node:process'
import { isTrusted, privateDirectory } from './trusted.mjs'

// See start.mjs.
const fs = process.getBuiltinModule('node:fs')
const { createHash } = process.getBuiltinModule('node:crypto')

const PROGRAMS = ['netns.ts', 'tar.ts']
/** Packages that few runs need, and that read files of their own. */
const NOT_BUNDLED = ['esbuild', 'tsx', 'zx', 'xmlbuilder2', 'yaml', '@pnpm/tabtab', '*.node']
/** Node 20 cannot import from cached code: packages are required instead, and script.mjs imports what users bring. */
const COMPUTED_IMPORT = /\bimport\((?!['"])/g
/** Older bundles are removed: no run uses one for that long. */
const OLD_MS = 24 * 3600 * 1000

/**
 * @param top directory of the repository
 * @param program a program in it
 * @returns the bundle of the program; undefined when it can be neither found nor written
 */
export async function bundled(top, program) {
  const state = stateOf(top)
  const name = path.basename(program).replace(/ts$/, 'cjs')
  for (const findCache of [inPackages, inUserCache]) {
    const cache = findCache(top)
    const file = cache && (await bundledIn(cache, top, state, name))
    if (file) return file
  }
  return undefined
}

/** Shared by all users of the checkout. */
function inPackages(top) {
  const cache = path.join(top, 'node_modules/.cache/xcluster-netns')
  try {
    fs.mkdirSync(cache, { recursive: true, mode: 0o755 })
    return isTrusted(cache, top) ? cache : undefined
  } catch {
    return undefined // another user's checkout
  }
}

const inUserCache = () => privateDirectory('programs')

async function bundledIn(cache, top, state, name) {
  const directory = path.join(cache, state)
  const file = path.join(directory, name)
  if (fs.existsSync(file)) return file
  const staging = `${directory}.${process.pid}`
  // For the files that esbuild creates: only their owner may write them.
  const umask = process.umask(0o022)
  try {
    await build(top, staging)
    // Node resolves packages from the bundle's location.
    if (!cache.startsWith(top)) fs.symlinkSync(path.join(top, 'node_modules'), path.join(staging, 'node_modules'))
    removeOld(cache)
    fs.renameSync(staging, directory)
  } catch {
    // Not writable, esbuild is missing, or another run was faster.
    fs.rmSync(staging, { recursive: true, force: true })
  } finally {
    process.umask(umask)
  }
  return fs.existsSync(file) ? file : undefined
}

function stateOf(top) {
  const hash = createHash('sha256').update(process.versions.node)
  const add = file => {
    const stat = fs.statSync(file, { throwIfNoEntry: false })
    hash.update(`${file} ${stat?.size} ${stat?.mtimeMs}\n`)
  }
  for (const name of [...PROGRAMS, 'package-lock.json']) add(path.join(top, name))
  // Half the time of `recursive`.
  const walk = directory => {
    for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
      const place = `${directory}/${entry.name}`
      if (entry.isDirectory()) walk(place)
      else if (entry.isFile()) add(place)
    }
  }
  walk(path.join(top, 'scripts'))
  return hash.digest('hex').slice(0, 16)
}

async function build(top, outdir) {
  const esbuild = await import('esbuild')
  await esbuild.build({
    entryPoints: PROGRAMS.map(name => path.join(top, name)),
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: NOT_BUNDLED,
    supported: { 'dynamic-import': false },
    logLevel: 'silent',
    plugins: [{ name: 'sources', setup: readSources }],
  })
}

/**
 * Modules locate files relative to their source, which is not where the bundle is. A script cannot wait for imports
 * before it runs: those of connections become static.
 */
function readSources(build) {
  build.onLoad({ filter: /\/scripts\/runner\/definitions\.ts$/ }, ({ path: file }) => {
    const connections = path.join(path.dirname(file), '../connections')
    const names = fs
      .readdirSync(connections)
      .filter(name => fs.existsSync(path.join(connections, name, 'definition.ts')))
    const imports = names.map((name, index) => `import _${index} from '../connections/${name}/definition.ts'\n`)
    const entries = names.map((name, index) => `[${JSON.stringify(name)}, _${index}]`)
    return { loader: 'ts', contents: `${imports.join('')}export const definitions = new Map([${entries}])` }
  })
  build.onLoad({ filter: /\.ts$/ }, ({ path: file }) => ({
    loader: 'ts',
    contents: fs
      .readFileSync(file, 'utf8')
      .replace(/^#!.*/, '')
      .replaceAll('import.meta.dirname', JSON.stringify(path.dirname(file)))
      .replaceAll('import.meta.filename', JSON.stringify(file))
      .replaceAll(COMPUTED_IMPORT, 'importUncached('),
  }))
}

function removeOld(cache) {
  for (const name of fs.readdirSync(cache)) {
    const directory = path.join(cache, name)
    if (Date.now() - fs.statSync(directory).mtimeMs > OLD_MS) fs.rmSync(directory, { recursive: true, force: true })
  }
}
