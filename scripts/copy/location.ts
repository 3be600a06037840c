import path from 'node:path'
import { usageFailure } from '../errors/failure.ts'

/** Where a file is, as a person types it. */
export interface Location {
  /** A VM or POD; undefined for this host. */
  readonly target: string | undefined
  /** Relative to the current directory here, and to the home directory there. */
  readonly path: string
  /** As it was typed, for messages. */
  readonly typed: string
}

/**
 * Reads `<vm or pod>:<file>`, or the name of a file of this host, as scp does: with a "/" in front of the ":" it is one of these.
 * @throws Failure BAD_LOCATION (exit 2) for what names nothing
 */
export function readLocation(typed: string): Location {
  const [, target, file = typed] = /^([^/:]*):(.*)$/s.exec(typed) ?? []
  if (typed === '' || target === '' || typed.includes('\0')) {
    throw usageFailure('BAD_LOCATION', `'${typed}' names no file`, {
      hint: 'a file of this host, or <vm or pod>:<file> as in vm-001:/tmp/x',
    })
  }
  const name = file || '.'
  // What begins with a dash would be an option for the tools.
  return { target, path: name.startsWith('-') ? `./${name}` : name, typed }
}

/** The name that a copy gets in a directory; `.` where it is what is in the source that goes there, as with `cp -r x/. y`. */
export function nameOfCopy({ path: source }: Location): string {
  const last = source.split('/').findLast(Boolean) ?? '.'
  return last === '..' || source.endsWith('/.') ? '.' : path.posix.basename(last)
}
