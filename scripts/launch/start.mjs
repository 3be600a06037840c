// Starts a TypeScript program of this repository on any supported Node: `start.mjs <program> [arguments…]`.
// Plain JavaScript, because it runs before anything can strip types.
import module from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const OLDEST_NODE = [20, 19]
const ENVIRONMENT_LACKS_SOMETHING = 3

const name = path.basename(process.argv[2])

function refuse(reason) {
  process.stderr.write(`${name}: ${reason}\n`)
  process.exit(ENVIRONMENT_LACKS_SOMETHING)
}

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  refuse(`Node.js ${OLDEST_NODE.join('.')} or later is needed, this is ${process.versions.node}`)
}
// Not by `import`, which reads everything that a module exports: of `node:fs` and `node:process` that takes as long as the help itself.
const fs = process.getBuiltinModule('node:fs')
const program = fs.realpathSync(process.argv[2])
const top = path.dirname(program)
// All of them: what an interrupted installation left would fail somewhere inside.
const { dependencies } = JSON.parse(fs.readFileSync(path.join(top, 'package.json'), 'utf8'))
const isInstalled = dependency => fs.existsSync(path.join(top, 'node_modules', dependency, 'package.json'))
if (!Object.keys(dependencies).every(isInstalled)) refuse(`its packages are not installed in ${top} (run: npm ci)`)
try {
  process.cwd()
} catch {
  refuse('the working directory is not there any more (change into another one)')
}

if (module.enableCompileCache) {
  const { privateDirectory } = await import('./trusted.mjs')
  const cache = privateDirectory('compiled')
  // Its own default is a name below /tmp that anybody can take first.
  if (cache) module.enableCompileCache(cache)
}
process.argv.splice(1, 2, program)
await import(pathToFileURL(process.features.typescript ? program : await translated()).href)

async function translated() {
  const { bundled } = await import('./bundle.mjs')
  const file = await bundled(top, program)
  if (file) return file
  // Its cache is a name below /tmp that anybody can take first; read when it is loaded.
  process.env.TSX_DISABLE_CACHE = '1'
  // By its own location, not the working directory's: the programs are called from anywhere.
  const { register } = await import('tsx/esm/api')
  register()
  return program
}
