import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { environmentFailure, Failure, usageFailure } from '../errors/failure.ts'
import { reasonOf } from '../host/files.ts'
import type { Destination } from './destination.ts'
import { DirectoryHandle } from './directory-handle.ts'
import { type Place, untrusted } from './place.ts'
import { findConflict, placeCopy } from './place-copy.ts'
import type { SourceInfo } from './source.ts'
import { treeWriter } from './tree-writer.ts'

/** Name of the copy in the staging directory. */
const COPY = 'copy'
/** Directories stay writable for their owner; nothing is world-writable. */
const [FILE_BITS, OWN_DIRECTORY] = [0o775, 0o700]
const MIB = 2 ** 20

/** Final directory and name; `.` merges the content of the source into the directory. */
interface Target {
  readonly directory: string
  readonly name: string
}

/**
 * Opens a destination on this host. The untrusted data are parsed in this process, without a shell, and owned by its
 * user.
 * @param name of the copy, if the destination is a directory
 * @param onSkipped gets members that are not files, directories or links
 * @throws Failure COPY_REFUSED (exit 2) or COPY_FAILED (exit 3) before anything is created
 */
export function openHostDestination(
  to: Place,
  name: string,
  info: SourceInfo,
  onSkipped: (member: string, what: string) => void,
): Destination {
  const toFailure = (error: unknown, what: string) =>
    error instanceof Failure
      ? error
      : environmentFailure('COPY_FAILED', `${to.userInput}: ${what}: ${reasonOf(error)}`, { cause: error })
  const target = attempt(
    () => findTarget(to, name, info),
    error => toFailure(error, `cannot read ${to.path}`),
  )
  const cannotWrite = (error: unknown) => toFailure(error, `cannot write to ${target.directory}`)
  const parent = attempt(() => DirectoryHandle.open(target.directory), cannotWrite)
  const stageName = `.netns-cp-${randomUUID()}`
  // Before the directory exists, so that it is always removed.
  const release = removeWhenKilled(parent, stageName)
  attempt(
    () => {
      requireSpace(to, target.directory, parent, info)
      fs.mkdirSync(parent.pathOf(stageName), { mode: OWN_DIRECTORY })
    },
    error => {
      release()
      parent.close()
      return cannotWrite(error)
    },
  )
  const stage = parent.openChild(stageName)

  const receiveFile = async (input: Readable) => {
    const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = fs.constants
    const file = fs.openSync(stage.pathOf(COPY), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, info.mode & FILE_BITS)
    try {
      for await (const chunk of input) fs.writeFileSync(file, chunk)
    } finally {
      fs.closeSync(file)
    }
  }
  const receiveDirectory = async (input: Readable) => {
    fs.mkdirSync(stage.pathOf(COPY), { mode: (info.mode & FILE_BITS) | OWN_DIRECTORY })
    const top = stage.openChild(COPY)
    const writer = treeWriter(top, { refuse: why => untrusted(to, why), onSkipped })
    try {
      for await (const chunk of input) writer.write(chunk)
      writer.end()
    } finally {
      writer.close()
      top.close()
    }
  }
  return {
    receive: async (input, signal) => {
      try {
        await (info.kind === 'file' ? receiveFile : receiveDirectory)(addAbortSignal(signal, input))
      } catch (error) {
        signal.throwIfAborted()
        throw cannotWrite(error)
      }
    },
    commit: async () => {
      const conflict = findConflict({ from: stage, name: COPY }, { to: parent, name: target.name })
      const where = (names: string) => path.join(target.directory, names)
      if (conflict) throw environmentFailure('COPY_FAILED', `${to.userInput}: ${where(conflict.path)} ${conflict.why}`)
      attempt(() => placeCopy({ from: stage, name: COPY }, { to: parent, name: target.name }), cannotWrite)
    },
    abandon: async () => {
      fs.rmSync(parent.pathOf(stageName), { recursive: true, force: true })
      release()
      stage.close()
      parent.close()
    },
  }
}

function attempt<T>(task: () => T, toFailure: (error: unknown) => Failure): T {
  try {
    return task()
  } catch (error) {
    throw toFailure(error)
  }
}

/** Follows links in the path that the user named, but none below it. */
function findTarget(to: Place, name: string, { kind }: SourceInfo): Target {
  const refuse = (why: string) => usageFailure('COPY_REFUSED', `${to.userInput}: ${why}`)
  const existing = lookAt(to.path, fs.statSync)
  const target = existing?.isDirectory() ? { directory: to.path, name } : renamed(to.path, existing, refuse)
  const final = path.join(target.directory, target.name)
  // Only a malicious node sends a file for the name of a directory.
  if (kind === 'file' && target.name === '.') throw untrusted(to, 'a file cannot be called "."')
  const found = lookAt(final, fs.lstatSync)
  if (kind === 'file') {
    if (found?.isDirectory()) throw refuse(`${final} is a directory`)
    if (found && !found.isFile() && !found.isSymbolicLink()) throw refuse('exists and is not a regular file')
  } else if (found && !(target.name === '.' ? lookAt(final, fs.statSync) : found)?.isDirectory()) {
    throw refuse(`${final} exists and is not a directory`)
  }
  return target
}

/** The target of a copy under another name than its source. */
function renamed(file: string, existing: fs.Stats | undefined, refuse: (why: string) => Failure): Target {
  if (file.endsWith('/')) throw refuse('no such directory')
  const final = existing && lookAt(file, fs.lstatSync)?.isSymbolicLink() ? fs.realpathSync(file) : file
  const directory = path.dirname(final)
  if (!lookAt(directory, fs.statSync)?.isDirectory()) throw refuse(`no such directory: ${directory}`)
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

function requireSpace(to: Place, directory: string, handle: DirectoryHandle, { size }: SourceInfo): void {
  const { bavail, bsize, blocks } = fs.statfsSync(handle.pathOf('.'))
  const free = bavail * bsize
  if (blocks === 0 || size <= free) return
  const why = `${Math.ceil(size / MIB)} MiB needed, ${Math.floor(free / MIB)} MiB free`
  throw environmentFailure('COPY_FAILED', `${to.userInput}: no space left in ${directory}: ${why}`)
}

/**
 * Starts a process that removes the staging directory when this process ends without releasing it.
 * @returns a function that releases it
 */
function removeWhenKilled(directory: DirectoryHandle, name: string): () => void {
  const watcher = spawn('/bin/sh', ['-c', 'read -r word || rm -rf "/proc/self/fd/3/$0"', name], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore', directory.descriptor],
  })
  watcher.unref()
  watcher.on('error', () => {}) // without it, only SIGKILL leaves the directory behind
  watcher.stdin?.on('error', () => {})
  return () => watcher.stdin?.end('released\n')
}
