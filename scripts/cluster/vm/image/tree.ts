import fs from 'node:fs'
import path from 'node:path'
import { infrastructureFailure } from '../../../errors/failure.ts'
import { recipe } from './recipe.ts'

/** Directories that Debian merges into /usr with symbolic links since 13. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64'] as const

export const BUSYBOX = 'bin/busybox'

/**
 * Creates real directories `/bin`, `/lib` and so on, with a symbolic link for each entry below /usr. An ovl with
 * `bin/something` would hide a link for the whole directory, and all commands with it.
 */
export function separateFromUsr(root: string): void {
  for (const name of MERGED) {
    const directory = path.join(root, name)
    const merged = path.join(root, 'usr', name)
    if (fs.lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink()) fs.rmSync(directory)
    else if (fs.existsSync(directory)) continue
    makeDirectory(directory)
    if (!fs.existsSync(merged)) continue
    for (const entry of fs.readdirSync(merged)) fs.symlinkSync(`../usr/${name}/${entry}`, path.join(directory, entry))
  }
}

/** With a mode independent of the umask. */
function makeDirectory(directory: string): void {
  if (fs.existsSync(directory)) return
  fs.mkdirSync(directory)
  fs.chmodSync(directory, 0o755)
}

/** Copies files with the modes that git knows, 644 or 755, independent of the umask. */
export function copyGuestFiles(from: string, to: string): void {
  for (const entry of fs.readdirSync(from, { recursive: true, withFileTypes: true })) {
    const source = path.join(entry.parentPath, entry.name)
    const target = path.join(to, path.relative(from, source))
    if (entry.isDirectory()) makeDirectory(target)
    else {
      fs.rmSync(target, { force: true })
      fs.copyFileSync(source, target)
      fs.chmodSync(target, fs.statSync(source).mode & 0o100 ? 0o755 : 0o644)
    }
  }
}

/** Creates links for commands: those of the recipe, and busybox applets that no package provides, such as `grep`. */
export function linkCommands(root: string): void {
  for (const [name, target] of Object.entries(recipe.alternatives)) linkIfFree(root, name, target)
  // A broken link counts as well: its target is absolute, or created later.
  const exists = (place: string, name: string) => fs.lstatSync(path.join(root, place, name), { throwIfNoEntry: false })
  for (const name of busyboxApplets(fs.readFileSync(path.join(root, BUSYBOX)))) {
    if (!PROGRAM_DIRECTORIES.some(place => exists(place, name))) fs.symlinkSync('busybox', path.join(root, 'bin', name))
  }
}

const PROGRAM_DIRECTORIES = ['bin', 'sbin', 'usr/bin', 'usr/sbin'] as const

/** Names of the commands in a root, sorted. */
export function programsIn(root: string): readonly string[] {
  const directories = PROGRAM_DIRECTORIES.map(name => path.join(root, name)).filter(name => fs.existsSync(name))
  return [...new Set(directories.flatMap(directory => fs.readdirSync(directory)))].sort()
}

/** Creates a symbolic link unless something of that name exists. */
export function linkIfFree(root: string, name: string, target: string): void {
  const file = path.join(root, name)
  if (fs.lstatSync(file, { throwIfNoEntry: false })) return
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 })
  fs.symlinkSync(target, file)
}

/**
 * The names of busybox's applets, as `busybox --list` prints them: a table in the program, which this host's processor
 * need not be able to run.
 * @throws Failure NO_PACKAGES (exit 4)
 */
export function busyboxApplets(program: Buffer): readonly string[] {
  const start = program.indexOf('[\0[[\0')
  const end = program.indexOf('\0\0', start)
  const names = start < 0 ? [] : program.toString('latin1', start, end).split('\0')
  const isTable = names.length > 50 && names.every(name => /^[\w[.-]+$/.test(name))
  if (!isTable) throw infrastructureFailure('NO_PACKAGES', 'busybox has no table of applets')
  return names
}

/**
 * Makes the modes of all files independent of who builds the image: only root unpacks set-user-ID and sticky bits, which
 * nobody needs in a VM, and tools create files with the umask.
 */
export function normalizeModes(root: string): void {
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const file = path.join(entry.parentPath, entry.name)
    const { mode } = fs.statSync(file)
    const isIndex = /\/lib\/modules\/[^/]+\/modules\./.test(file)
    const wanted = entry.isDirectory() ? 0o755 : isIndex ? 0o644 : mode & 0o755
    if (wanted !== (mode & 0o7777)) fs.chmodSync(file, wanted)
  }
}

/** Files of Debian's tools, and those that mmdebstrap copies from the host. */
const HOST_DEPENDENT = [
  'boot',
  'dev',
  'etc/apt',
  'etc/hostname',
  'etc/resolv.conf',
  'var/cache/apt',
  'var/lib/apt',
  'var/lib/dpkg',
  'var/run',
]

/** Removes files of Debian's tools, and creates mount points and writable directories. */
export function tidyTree(root: string): void {
  for (const useless of HOST_DEPENDENT) {
    fs.rmSync(path.join(root, useless), { recursive: true, force: true })
  }
  for (const [name, mode] of [
    ['dev', 0o755],
    ['proc', 0o755],
    ['sys', 0o755],
    ['run', 0o755],
    ['mnt', 0o755],
    ['tmp', 0o1777],
    ['root', 0o700],
    ['var', 0o755],
    ['var/lib', 0o755],
    ['var/log', 0o755],
    ['var/tmp', 0o1777],
  ] as const) {
    fs.mkdirSync(path.join(root, name), { recursive: true })
    fs.chmodSync(path.join(root, name), mode)
  }
  fs.symlinkSync('/run', path.join(root, 'var/run'))
  // Nodes have no name server; without the file some programs complain.
  const resolver = path.join(root, 'etc/resolv.conf')
  fs.mkdirSync(path.dirname(resolver), { recursive: true })
  fs.writeFileSync(resolver, '')
  fs.chmodSync(resolver, 0o644)
}
