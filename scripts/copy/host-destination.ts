import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { environmentFailure, Failure, usageFailure } from '../errors/failure.ts'
import { reasonOf } from '../host/places.ts'
import type { Destination } from './destination.ts'
import { HeldDirectory } from './held-directory.ts'
import { type Place, untrusted } from './place.ts'
import { findConflict, placeCopy } from './place-copy.ts'
import type { Found } from './source.ts'
import { treeWriter } from './tree-writer.ts'

/** What the copy is called until it gets its name. */
const COPY = 'copy'
/** Directories that members are put into stay writable; nothing is for everybody to write. */
const [FILE_BITS, OWN_DIRECTORY] = [0o775, 0o700]
const MIB = 2 ** 20

/** Where the copy goes: a name in a directory; `.` for what is in the source, which goes into the directory itself. */
interface Target {
  readonly directory: string
  readonly name: string
}

/**
 * Opens a destination on this host. What comes is read here and handed to no shell, and owned by who runs this.
 * @param name of the copy, if the destination is a directory
 * @param onSkipped gets what is no file, directory or link
 * @throws Failure COPY_REFUSED (exit 2) or COPY_FAILED (exit 3) before anything is made
 */
export function openHostDestination(
  to: Place,
  name: string,
  found: Found,
  onSkipped: (member: string, what: string) => void,
): Destination {
  const inWords = (error: unknown, what: string) =>
    error instanceof Failure
      ? error
      : environmentFailure('COPY_FAILED', `${to.typed}: ${what}: ${reasonOf(error)}`, { cause: error })
  const target = attempt(
    () => findTarget(to, name, found),
    error => inWords(error, `cannot look at ${to.path}`),
  )
  const cannotWrite = (error: unknown) => inWords(error, `cannot write in ${target.directory}`)
  const beside = attempt(() => HeldDirectory.named(target.directory), cannotWrite)
  const stageName = `.netns-cp-${randomUUID()}`
  // First, so that there is no moment at which the directory would be left.
  const release = removeWhenKilled(beside, stageName)
  attempt(
    () => {
      requireSpace(to, target.directory, beside, found)
      fs.mkdirSync(beside.at(stageName), { mode: OWN_DIRECTORY })
    },
    error => {
      release()
      beside.close()
      return cannotWrite(error)
    },
  )
  const stage = beside.below(stageName)

  const receiveFile = async (input: Readable) => {
    const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = fs.constants
    const file = fs.openSync(stage.at(COPY), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, found.mode & FILE_BITS)
    try {
      for await (const piece of input) fs.writeFileSync(file, piece)
    } finally {
      fs.closeSync(file)
    }
  }
  const receiveDirectory = async (input: Readable) => {
    fs.mkdirSync(stage.at(COPY), { mode: (found.mode & FILE_BITS) | OWN_DIRECTORY })
    const top = stage.below(COPY)
    const writer = treeWriter(top, { refuse: why => untrusted(to, why), onSkipped })
    try {
      for await (const piece of input) writer.write(piece)
      writer.end()
    } finally {
      writer.close()
      top.close()
    }
  }
  return {
    receive: async (input, signal) => {
      try {
        await (found.kind === 'file' ? receiveFile : receiveDirectory)(addAbortSignal(signal, input))
      } catch (error) {
        signal.throwIfAborted()
        throw cannotWrite(error)
      }
    },
    commit: async () => {
      const conflict = findConflict({ from: stage, name: COPY }, { to: beside, name: target.name })
      const where = (names: string) => path.join(target.directory, names)
      if (conflict) throw environmentFailure('COPY_FAILED', `${to.typed}: ${where(conflict.at)} ${conflict.why}`)
      attempt(() => placeCopy({ from: stage, name: COPY }, { to: beside, name: target.name }), cannotWrite)
    },
    abandon: async () => {
      fs.rmSync(beside.at(stageName), { recursive: true, force: true })
      release()
      stage.close()
      beside.close()
    },
  }
}

function attempt<T>(task: () => T, inWords: (error: unknown) => Failure): T {
  try {
    return task()
  } catch (error) {
    throw inWords(error)
  }
}

/** Links in what the user named are followed, and none below it. */
function findTarget(to: Place, name: string, { kind }: Found): Target {
  const refuse = (why: string) => usageFailure('COPY_REFUSED', `${to.typed}: ${why}`)
  const there = lookAt(to.path, fs.statSync)
  const target = there?.isDirectory() ? { directory: to.path, name } : nameOutsideOf(to.path, there, refuse)
  const final = path.join(target.directory, target.name)
  // Only a VM that lies sends a file under the name of a directory.
  if (kind === 'file' && target.name === '.') throw untrusted(to, 'a file cannot be called "."')
  const found = lookAt(final, fs.lstatSync)
  if (kind === 'file') {
    if (found?.isDirectory()) throw refuse(`${final} is a directory`)
    if (found && !found.isFile() && !found.isSymbolicLink()) throw refuse('it is there, and no regular file')
  } else if (found && !(target.name === '.' ? lookAt(final, fs.statSync) : found)?.isDirectory()) {
    throw refuse(`${final} is there, and no directory`)
  }
  return target
}

function nameOutsideOf(file: string, there: fs.Stats | undefined, refuse: (why: string) => Failure): Target {
  if (file.endsWith('/')) throw refuse('there is no such directory')
  const final = there && lookAt(file, fs.lstatSync)?.isSymbolicLink() ? fs.realpathSync(file) : file
  const directory = path.dirname(final)
  if (!lookAt(directory, fs.statSync)?.isDirectory()) throw refuse(`there is no directory ${directory}`)
  return { directory, name: path.basename(final) }
}

function lookAt(file: string, look: typeof fs.statSync | typeof fs.lstatSync): fs.Stats | undefined {
  try {
    return look(file)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

function requireSpace(to: Place, directory: string, held: HeldDirectory, { size }: Found): void {
  const { bavail, bsize, blocks } = fs.statfsSync(held.at('.'))
  const free = bavail * bsize
  if (blocks === 0 || size <= free) return
  const why = `${Math.ceil(size / MIB)} MiB are needed, and ${Math.floor(free / MIB)} MiB are free`
  throw environmentFailure('COPY_FAILED', `${to.typed}: no space left in ${directory}: ${why}`)
}

/** A process that waits for the end of this one, and removes what did not get its name if it was not released by then. */
function removeWhenKilled(directory: HeldDirectory, name: string): () => void {
  const watcher = spawn('/bin/sh', ['-c', 'read -r word || rm -rf "/proc/self/fd/3/$0"', name], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore', directory.descriptor],
  })
  watcher.unref()
  watcher.on('error', () => {}) // nothing is left behind but by SIGKILL
  watcher.stdin?.on('error', () => {})
  return () => watcher.stdin?.end('released\n')
}
