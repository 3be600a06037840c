// Directories for cached code. Another user who could write into them could run code as this user.
// JavaScript, because it runs before types can be stripped.
import path from 'node:path'

// See start.mjs.
const fs = process.getBuiltinModule('node:fs')

const OTHERS_MAY_WRITE = 0o022
const STICKY = 0o1000

/**
 * A subdirectory of this user's cache that no other user can write to; created when missing.
 * @param name of the subdirectory
 * @returns its real path; undefined when it cannot be created or is not safe
 */
export function privateDirectory(name) {
  try {
    const directory = path.join(cacheHome(), 'xcluster-netns', name)
    createDirectory(directory)
    if (!isOwn(directory)) return undefined
    const real = fs.realpathSync(directory)
    return ancestorsOf(real).every(isSafeAncestor) ? real : undefined
  } catch {
    return undefined // no home, not writable, or a file of that name
  }
}

/**
 * Checks owner and mode of a directory, not those of its parents.
 * @param top directory of the programs, whose owner is trusted
 * @returns true if only this user, root or that owner can write to the directory
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

/** A sticky directory such as /tmp is safe: users cannot rename or remove each other's entries. */
function isSafeAncestor(directory) {
  const { uid, mode } = fs.lstatSync(directory)
  if (uid !== 0 && uid !== process.getuid()) return false
  return (mode & OTHERS_MAY_WRITE) === 0 || (mode & STICKY) !== 0
}

function ancestorsOf(directory) {
  const above = path.dirname(directory)
  return above === directory ? [] : [above, ...ancestorsOf(above)]
}

/** As settings.ts: the XDG base directory specification says to ignore a relative path. */
function cacheHome() {
  const { XDG_CACHE_HOME, HOME } = process.env
  if (XDG_CACHE_HOME && path.isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME
  return path.join(HOME || process.getBuiltinModule('node:os').homedir(), '.cache')
}

/** Without `recursive`: see host/directories.ts. */
function createDirectory(directory) {
  if (fs.existsSync(directory)) return
  createDirectory(path.dirname(directory))
  try {
    fs.mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    if (error.code !== 'EEXIST') throw error // another process created it meanwhile
  }
}
