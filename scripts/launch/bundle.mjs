// Node before 22.18 does not run TypeScript: bundles the programs as JavaScript, in node_modules or the user's cache,
// once per state of the sources. Without a bundle, transpiling each module would add half a second to every start.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { isTrusted, privateDirectory } from './trusted.mjs'

const PROGRAMS = ['netns.ts', 'tar.ts']
/** Older bundles are removed: no run uses one for that long. */
const OLD_MS = 24 * 3600 * 1000

/**
 * @param top directory of the repository
 * @param program a program in it
 * @returns the bundle of the program; undefined when it can be neither found nor written
 */
export async function bundled(top, program) {
  const state = stateOf(top)
  const name = path.basename(program).replace(/ts$/, 'js')
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
  const sources = fs
    .readdirSync(path.join(top, 'scripts'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
  for (const file of [...PROGRAMS.map(name => path.join(top, name)), path.join(top, 'package-lock.json'), ...sources]) {
    const stat = fs.statSync(file, { throwIfNoEntry: false })
    hash.update(`${file} ${stat?.size} ${stat?.mtimeMs}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}

async function build(top, outdir) {
  const esbuild = await import('esbuild')
  await esbuild.build({
    entryPoints: PROGRAMS.map(name => path.join(top, name)),
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'silent',
    plugins: [{ name: 'source-paths', setup: keepSourcePaths }],
  })
}

/** Modules locate files relative to their source, which is not where the bundle is. */
function keepSourcePaths(build) {
  build.onLoad({ filter: /\.ts$/ }, ({ path: file }) => ({
    loader: 'ts',
    contents: fs
      .readFileSync(file, 'utf8')
      .replaceAll('import.meta.dirname', JSON.stringify(path.dirname(file)))
      .replaceAll('import.meta.filename', JSON.stringify(file)),
  }))
}

function removeOld(cache) {
  for (const name of fs.readdirSync(cache)) {
    const directory = path.join(cache, name)
    if (Date.now() - fs.statSync(directory).mtimeMs > OLD_MS) fs.rmSync(directory, { recursive: true, force: true })
  }
}
