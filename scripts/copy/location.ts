import path from 'node:path'
import { usageFailure } from '../errors/failure.ts'

/** The location of a file, as the user names it. */
export interface Location {
  /** A node or POD; undefined for this host. */
  readonly target: string | undefined
  /** Relative to the current directory on this host, or to the home directory on a node. */
  readonly path: string
  /** For messages. */
  readonly userInput: string
}

/**
 * Parses `<node or pod>:<file>` as scp does: with a "/" before the ":" it is the name of a file on this host.
 * @throws Failure BAD_LOCATION (exit 2) when it names no file
 */
export function readLocation(userInput: string): Location {
  const [, target, file = userInput] = /^([^/:]*):(.*)$/s.exec(userInput) ?? []
  if (userInput === '' || target === '' || userInput.includes('\0')) {
    throw usageFailure('BAD_LOCATION', `'${userInput}' names no file`, {
      hint: 'give a file on this host, or <node or pod>:<file>, for example vm-001:/tmp/x',
    })
  }
  const name = file || '.'
  // The tools would take a leading dash for an option.
  return { target, path: name.startsWith('-') ? `./${name}` : name, userInput }
}

/** The name of a copy in a directory; `.` to merge the source's content into the directory, as with `cp -r x/. y`. */
export function nameOfCopy({ path: source }: Location): string {
  const last = source.split('/').findLast(Boolean) ?? '.'
  return last === '..' || source.endsWith('/.') ? '.' : path.posix.basename(last)
}
