// For Node before 22.18, which runs no TypeScript: joins the programs and their modules into JavaScript, once for each state of
// the sources, beside the packages or in the user's cache. Translating a hundred modules one by one would take half a second of
// every start.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { isTrusted, privateDirectory } from './trusted.mjs'

const PROGRAMS = ['netns.ts', 'tar.ts']
/** What another state of the sources left goes when no run can be using it any more. */
const OLD_MS = 24 * 3600 * 1000

/**
 * @param top of the repository
 * @param program file in it
 * @returns the JavaScript that stands for the program; undefined where it can be neither found nor kept
 */
export async function bundled(top, program) {
  const state = stateOf(top)
  const name = path.basename(program).replace(/ts$/, 'js')
  for (const place of [besidePackages, inUsersCache]) {
    const cache = place(top)
    const file = cache && (await bundledIn(cache, top, state, name))
    if (file) return file
  }
  return undefined
}

/** One for all users of this checkout. */
function besidePackages(top) {
  const cache = path.join(top, 'node_modules/.cache/xcluster-netns')
  try {
    fs.mkdirSync(cache, { recursive: true, mode: 0o755 })
    return isTrusted(cache, top) ? cache : undefined
  } catch {
    return undefined // a checkout of somebody else's
  }
}

const inUsersCache = () => privateDirectory('programs')

async function bundledIn(cache, top, state, name) {
  const directory = path.join(cache, state)
  const file = path.join(directory, name)
  if (fs.existsSync(file)) return file
  const own = `${directory}.${process.pid}`
  // esbuild makes the files with it: nobody else may write into them.
  const umask = process.umask(0o022)
  try {
    await build(top, own)
    // From anywhere else the packages would not be found.
    if (!cache.startsWith(top)) fs.symlinkSync(path.join(top, 'node_modules'), path.join(own, 'node_modules'))
    removeOld(cache)
    fs.renameSync(own, directory)
  } catch {
    // Not writable, no such package; or another run was faster.
    fs.rmSync(own, { recursive: true, force: true })
  } finally {
    process.umask(umask)
  }
  return fs.existsSync(file) ? file : undefined
}

/** Names the sources as they are: their names, sizes and times. */
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
    plugins: [{ name: 'places', setup: keepPlaces }],
  })
}

/** Modules find files beside them: where they were, not where they are now. */
function keepPlaces(build) {
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
