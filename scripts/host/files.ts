import type fs from 'node:fs'
import { environmentFailure, Failure } from '../errors/failure.ts'

/** `import` reads all exports of this module, which takes as long as printing help. */
const builtIn = () => process.getBuiltinModule('node:fs')

/** Stats a path. @returns undefined when it does not exist or cannot be accessed */
export function tryStat(place: string): fs.Stats | undefined {
  try {
    return builtIn().statSync(place)
  } catch {
    return undefined
  }
}

/** Reads a text. @returns undefined when the file cannot be read, such as one of a process that has ended */
export function tryRead(file: string): string | undefined {
  try {
    return builtIn().readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Sorted names of a directory's entries; none when it cannot be read. */
export function entryNames(directory: string): readonly string[] {
  try {
    return builtIn().readdirSync(directory).sort()
  } catch {
    return []
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EAGAIN: 'the limit of processes is reached (ulimit -u)',
  EDQUOT: 'the disk quota is exceeded',
  EFBIG: 'the file would become too large (ulimit -f)',
  EIO: 'input/output error of the disk',
  EISDIR: 'it is a directory',
  ELOOP: 'its symbolic links form a loop',
  EMFILE: 'too many files are open (ulimit -n)',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'too many files are open on this host',
  ENOENT: 'there is no such file or directory',
  ENOMEM: 'out of memory',
  ENOSPC: 'no space left',
  ENOTDIR: 'a part of its path is not a directory',
  EPERM: 'no permission',
  EPIPE: 'its reader has closed it',
  EROFS: 'the file system is read-only',
}

/** A system error in words, without its code and system call. */
export function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  return REASONS[code] ?? message
}

/** Errors that the host's state causes, rather than a bug of this program. */
const HOST_ERRORS = new Set(
  'EACCES EAGAIN EDQUOT EFBIG EIO ELOOP EMFILE ENAMETOOLONG ENFILE ENOMEM ENOSPC ENOTDIR EPERM EROFS'.split(' '),
)

/** @returns Failure SYSTEM_REFUSED (exit 3) for a system error that the host causes; any other error unchanged */
export function systemFailure(error: unknown): unknown {
  const { code = '', syscall, path: file } = error as NodeJS.ErrnoException
  if (error instanceof Failure || syscall === undefined || !HOST_ERRORS.has(code)) return error
  const what = [syscall.replace(/^spawn .*/, 'spawn'), file].filter(Boolean).join(' ')
  return environmentFailure('SYSTEM_REFUSED', `the system refused '${what}': ${reasonOf(error)}`, { cause: error })
}
