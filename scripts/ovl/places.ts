import fs from 'node:fs'

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
  EISDIR: 'it is a directory',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'there is no such file or directory',
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
