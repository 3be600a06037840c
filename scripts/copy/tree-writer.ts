import fs from 'node:fs'
import path from 'node:path'
import type { ReadEntry } from 'tar'
import { plainText } from '../host/text.ts'
import { type TarReader, tarStream } from '../ovl/tar-stream.ts'
import type { DirectoryHandle } from './directory-handle.ts'

/** Callbacks for invalid and skipped members. */
export interface TreeEvents {
  refuse(why: string): Error
  /** Gets a member that is not a file, directory or link. */
  onSkipped(member: string, what: string): void
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = fs.constants
/** Permissions that are kept: no set-user-ID and the like, nothing world-writable. The umask also applies. */
const FILE_BITS = 0o775
/** Directories are always accessible to their owner, who can remove them. */
const OWN_DIRECTORY = 0o700
const SPECIAL: Readonly<Record<string, string>> = {
  FIFO: 'a FIFO',
  CharacterDevice: 'a device',
  BlockDevice: 'a device',
}

/**
 * Extracts an untrusted tar archive into a private directory.
 *
 * Members never replace or follow anything: each is created exclusively (mkdir, O_EXCL, symlink and link fail for
 * existing names), and each parent must be a directory by lstat. As the directory is private, this cannot change in
 * between. It also holds on file systems where several spellings name the same file.
 * @param top corresponds to `.` in the archive
 */
export function treeWriter(top: DirectoryHandle, { refuse, onSkipped }: TreeEvents): TreeWriter {
  /** The last checked directory, as a cache: members of a directory follow each other. */
  let checked = ''
  let file: number | undefined

  const checkDirectory = (directory: string) => {
    if (directory === checked || directory === '.') return
    const parts = directory.split('/')
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const part = parts.slice(0, depth).join('/')
      if (!top.lstat(part)?.isDirectory()) throw refuse(`'${plainText(directory)}' is not a directory in the archive`)
    }
    checked = directory
  }
  const writeFile = (entry: ReadEntry, name: string) => {
    file = fs.openSync(top.pathOf(name), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, (entry.mode ?? 0) & FILE_BITS)
    return file
  }
  const onMember = (entry: ReadEntry) => {
    const name = nameOf(entry.path, refuse)
    if (name === '.') return void entry.resume()
    checkDirectory(path.posix.dirname(name))
    switch (entry.type) {
      case 'Directory':
        fs.mkdirSync(top.pathOf(name), { mode: ((entry.mode ?? 0) & FILE_BITS) | OWN_DIRECTORY })
        break
      case 'File':
      case 'OldFile':
      case 'ContiguousFile':
        return writeContent(entry, writeFile(entry, name))
      case 'SymbolicLink':
        if (entry.linkpath?.includes('\uFFFD')) throw refuse(`'${plainText(name)}': its target is not UTF-8`)
        fs.symlinkSync(entry.linkpath ?? '', top.pathOf(name))
        break
      case 'Link':
        linkFile(entry.linkpath ?? '', name)
        break
      default: {
        const what = SPECIAL[entry.type]
        if (what === undefined) throw refuse(`'${plainText(name)}' is a ${entry.type}`)
        onSkipped(name, what)
      }
    }
    entry.resume()
  }
  /** Creates a hard link to a file that is already extracted. */
  const linkFile = (target: string, name: string) => {
    const source = nameOf(target, refuse)
    checkDirectory(path.posix.dirname(source))
    if (!top.lstat(source)?.isFile())
      throw refuse(`'${plainText(name)}' is a hard link, but not to a file in the archive`)
    fs.linkSync(top.pathOf(source), top.pathOf(name))
  }
  let failure: unknown
  const writeContent = (entry: ReadEntry, descriptor: number) => {
    entry.on('data', (chunk: Buffer) => {
      try {
        if (failure === undefined) fs.writeFileSync(descriptor, chunk)
      } catch (error) {
        failure = error
      }
    })
    entry.on('end', () => {
      fs.closeSync(descriptor)
      file = undefined
    })
  }
  const reader = tarStream({
    onMember,
    corrupt: why => refuse(`invalid archive: ${plainText(why)}`),
    unsupported: (member, why, hint) => refuse(`'${plainText(member)}': ${[why, hint].filter(Boolean).join('; ')}`),
  })
  return {
    write: chunk => {
      reader.write(chunk)
      if (failure !== undefined) throw failure
    },
    end: () => reader.end(),
    close: () => {
      if (file !== undefined) fs.closeSync(file)
      file = undefined
    },
  }
}

export interface TreeWriter extends TarReader {
  /** Closes open files, also after a failure. */
  close(): void
}

/** A member's normalized relative name. */
function nameOf(member: string, refuse: (why: string) => Error): string {
  const parts = member.split('/')
  const refused = (why: string) => refuse(`'${plainText(member)}': ${why}`)
  if (member.startsWith('/') || parts.includes('..')) throw refused('its name leads out of the directory')
  if (member.includes('\uFFFD')) throw refused('its name is not UTF-8')
  return parts.filter(part => part !== '' && part !== '.').join('/') || '.'
}
