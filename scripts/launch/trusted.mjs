// Directories for code that is kept and run later: whoever else could write there could run code as the user.
// Plain JavaScript: it runs before anything can strip types.
import path from 'node:path'

// As in start.mjs.
const fs = process.getBuiltinModule('node:fs')

const OTHERS_MAY_WRITE = 0o022
const STICKY = 0o1000

/**
 * A directory of this user's cache into which nobody else can put anything; made when it is missing.
 * @param name below the project's directory of the cache
 * @returns its real path; undefined where there is no such place
 */
export function privateDirectory(name) {
  try {
    const directory = path.join(cacheHome(), 'xcluster-netns', name)
    make(directory)
    if (!isOwn(directory)) return undefined
    const real = fs.realpathSync(directory)
    return ancestorsOf(real).every(isSafeAbove) ? real : undefined
  } catch {
    return undefined // no home, not writable, a file in the way
  }
}

/**
 * @param top directory of the programs: its owner is trusted, being able to change them
 * @returns true if only this user, root or that owner can change what is in the directory, as far as it itself says
 */
export function isTrusted(directory, top) {
  const { uid, mode } = fs.lstatSync(directory)
  const owners = [process.getuid(), 0, fs.statSync(top).uid]
  return isDirectory(mode) && owners.includes(uid) && (mode & OTHERS_MAY_WRITE) === 0
}

const isDirectory = mode => (mode & fs.constants.S_IFMT) === fs.constants.S_IFDIR

function isOwn(directory) {
  const { uid, mode } = fs.lstatSync(directory)
  return isDirectory(mode) && uid === process.getuid() && (mode & 0o077) === 0
}

/** In a sticky directory such as /tmp nobody can rename or remove what belongs to others. */
function isSafeAbove(directory) {
  const { uid, mode } = fs.lstatSync(directory)
  if (uid !== 0 && uid !== process.getuid()) return false
  return (mode & OTHERS_MAY_WRITE) === 0 || (mode & STICKY) !== 0
}

function ancestorsOf(directory) {
  const above = path.dirname(directory)
  return above === directory ? [] : [above, ...ancestorsOf(above)]
}

/** By the XDG base directory rules, as in settings.ts: a relative path there is to be ignored. */
function cacheHome() {
  const { XDG_CACHE_HOME, HOME } = process.env
  if (XDG_CACHE_HOME && path.isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME
  return path.join(HOME || process.getBuiltinModule('node:os').homedir(), '.cache')
}

/** Not by `recursive`: see host/directories.ts. */
function make(directory) {
  if (fs.existsSync(directory)) return
  make(path.dirname(directory))
  try {
    fs.mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    if (error.code !== 'EEXIST') throw error // otherwise another process has just made it
  }
}
