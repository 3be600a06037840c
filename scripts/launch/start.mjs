// Starts a TypeScript program of this repository on any supported Node: `start.mjs <program> [arguments…]`.
// JavaScript, because it runs before types can be stripped.
import module from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const OLDEST_NODE = [20, 19]
/** The exit status for a missing requirement: see errors/exit-codes.ts. */
const ENVIRONMENT_FAILURE = 3

const name = path.basename(process.argv[2])

function refuse(reason) {
  process.stderr.write(`${name}: ${reason}\n`)
  process.exit(ENVIRONMENT_FAILURE)
}

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  refuse(`Node.js ${OLDEST_NODE.join('.')} or later is required, this is ${process.versions.node}`)
}
// `import` reads all exports of a built-in module, which takes as long as printing help for `node:fs`.
const fs = process.getBuiltinModule('node:fs')
const program = fs.realpathSync(process.argv[2])
const top = path.dirname(program)
// Every package is checked, because an interrupted installation would fail later with a stack trace.
const { dependencies } = JSON.parse(fs.readFileSync(path.join(top, 'package.json'), 'utf8'))
const isInstalled = dependency =>
  above(top).some(directory => has(directory, `node_modules/${dependency}/package.json`))
if (!Object.keys(dependencies).every(isInstalled)) refuse(`npm packages are not installed in ${top} (run: npm ci)`)
try {
  process.cwd()
} catch {
  refuse('the working directory no longer exists (change to another directory)')
}

if (module.enableCompileCache) {
  const { privateDirectory } = await import('./trusted.mjs')
  const cache = privateDirectory('compiled')
  // Node's default is a predictable name below /tmp, which another user can create first.
  if (cache) module.enableCompileCache(cache)
}
process.argv.splice(1, 2, program)
// An npm package is below node_modules, where Node strips no types, and has no settings of the compiler.
const built = path.join(top, 'dist', name.replace(/ts$/, 'js'))
const isPackage = !has(top, 'tsconfig.json') && fs.existsSync(built)
const isNative = process.features.typescript
// Coverage is reported for the sources, not for a bundle.
const isBundled = !isPackage && !isNative && !process.env.NODE_V8_COVERAGE
const bundle = isBundled ? await (await import('./bundle.mjs')).bundled(top, program) : undefined
if (bundle) {
  const { runScript } = await import('./script.mjs')
  const command = process.argv[2] ?? ''
  runScript(bundle, /^[a-z]+$/.test(command) && has(top, `scripts/commands/${command}`) ? command : 'help')
} else {
  if (!isPackage && !isNative) await transpile()
  await import(pathToFileURL(isPackage ? built : program).href)
}

/** A directory and those that contain it: a package's dependencies may be beside it. */
function above(directory) {
  const parent = path.dirname(directory)
  return parent === directory ? [directory] : [directory, ...above(parent)]
}

function has(directory, file) {
  return fs.existsSync(path.join(directory, file))
}

async function transpile() {
  // tsx's cache is a predictable name below /tmp, too. Set before the import, which reads the variable.
  process.env.TSX_DISABLE_CACHE = '1'
  const { register } = await import('tsx/esm/api')
  register()
}
