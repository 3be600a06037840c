// Runs a bundle. Node before 22 keeps no compiled code, and compiling takes a third of the time of a short run: V8's
// code cache of what a command has compiled is stored beside the bundle, in the same trusted directory.
import { createRequire } from 'node:module'
import path from 'node:path'
import process from 'node:process'

// See start.mjs.
const fs = process.getBuiltinModule('node:fs')
const { createHash } = process.getBuiltinModule('node:crypto')
const v8 = process.getBuiltinModule('node:v8')
const vm = process.getBuiltinModule('node:vm')

/** Those of a module in CommonJS, and what bundle.mjs adds. */
const PARAMETERS = '(function (exports, require, module, __filename, __dirname, importUncached) {'
/**
 * A run that has compiled this much more than the cached code replaces it: `test --list` does less than `test bridge`.
 */
const GROWTH = 1.2
/**
 * Before V8's data: their SHA-256, and the size of what was compiled. V8 trusts its data, and crashes if they are
 * damaged.
 */
const SIZE_AT = 32
const HEADER = 40

/**
 * @param file a script in CommonJS, in a directory that no other user can write to
 * @param command under whose name its compiled code is cached
 */
export function runScript(file, command) {
  const cache = `${file}.${command}.cache`
  const stored = read(cache)
  const script = new vm.Script(`${PARAMETERS}${fs.readFileSync(file, 'latin1')}\n})`, {
    filename: file,
    cachedData: stored?.subarray(HEADER),
  })
  const cached = stored && !script.cachedDataRejected ? stored.readDoubleLE(SIZE_AT) : 0
  process.on('exit', () => {
    const size = v8.getHeapCodeStatistics().bytecode_and_metadata_size
    if (size > cached * GROWTH) write(cache, size, script.createCachedData())
  })
  const require = createRequire(file)
  script.runInThisContext()({}, require, { exports: {} }, file, path.dirname(file), name => import(name))
}

const digest = data => createHash('sha256').update(data).digest()

function read(cache) {
  try {
    const stored = fs.readFileSync(cache)
    return digest(stored.subarray(SIZE_AT)).equals(stored.subarray(0, SIZE_AT)) ? stored : undefined
  } catch {
    return undefined // the first run of this command
  }
}

function write(cache, size, code) {
  const data = Buffer.concat([Buffer.alloc(HEADER - SIZE_AT), code])
  data.writeDoubleLE(size)
  const staging = `${cache}.${process.pid}`
  try {
    fs.writeFileSync(staging, Buffer.concat([digest(data), data]), { mode: 0o644 })
    fs.renameSync(staging, cache)
  } catch {
    fs.rmSync(staging, { force: true }) // another user's checkout, or a full disk
  }
}
