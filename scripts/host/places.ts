import fs from 'node:fs'
import { environmentFailure, Failure } from '../errors/failure.ts'

/** What is at a place: undefined when nothing is, or when it cannot be looked at. Places that are only tried need not be there. */
export function lookAt(place: string): fs.Stats | undefined {
  try {
    return fs.statSync(place)
  } catch {
    return undefined // the answer: what cannot be reached cannot be taken either, and the notice names the places
  }
}

/** The names in a directory, in a fixed order; none when it cannot be read. */
export function namesIn(directory: string): readonly string[] {
  try {
    return fs.readdirSync(directory).sort()
  } catch {
    return [] // most people have no such directory, and nobody has to
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EAGAIN: 'a limit of processes is reached (ulimit -u)',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'the file would become too large (ulimit -f)',
  EIO: 'the disk cannot be read or written',
  EISDIR: 'it is a directory',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'too many files are open (ulimit -n)',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'too many files are open on this host',
  ENOENT: 'there is no such file or directory',
  ENOMEM: 'there is no memory left',
  ENOSPC: 'no space left',
  ENOTDIR: 'a part of its path is no directory',
  EPERM: 'no permission',
  EPIPE: 'nobody reads it any more',
  EROFS: 'the file system is read-only',
}

/** Why the system refused something about a file, in words. */
export function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  return REASONS[code] ?? message
}

/** What the system refuses because of how this host is, and not because of a fault of this program. */
const HOSTS_MATTER = new Set(
  'EACCES EAGAIN EDQUOT EFBIG EIO ELOOP EMFILE ENAMETOOLONG ENFILE ENOMEM ENOSPC ENOTDIR EPERM EROFS'.split(' '),
)

/**
 * @returns Failure SYSTEM_REFUSED (exit 3) that names what was refused and why, for a system error that is the host's matter; anything
 *   else as it is
 */
export function systemFailure(error: unknown): unknown {
  const { code = '', syscall, path: file } = error as NodeJS.ErrnoException
  if (error instanceof Failure || syscall === undefined || !HOSTS_MATTER.has(code)) return error
  const what = [syscall.replace(/^spawn .*/, 'spawn'), file].filter(Boolean).join(' ')
  return environmentFailure('SYSTEM_REFUSED', `the system refused '${what}': ${reasonOf(error)}`, { cause: error })
}
