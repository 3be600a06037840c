import fs from 'node:fs'
import path from 'node:path'
import type { ReadEntry } from 'tar'
import { plainText } from '../host/text.ts'
import { type TarReader, tarStream } from '../ovl/tar-stream.ts'
import type { HeldDirectory } from './held-directory.ts'

/** What of an untrusted archive is refused, and what is left out. */
export interface TreeEvents {
  refuse(why: string): Error
  /** A member that is no file, directory or link. */
  onSkipped(member: string, what: string): void
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = fs.constants
/** Permissions that come home: no set-user-ID and the like, and nothing that everybody may write. The umask takes more. */
const FILE_BITS = 0o775
/** Directories can be entered, and removed again. */
const OWN_DIRECTORY = 0o700
const SPECIAL: Readonly<Record<string, string>> = {
  FIFO: 'a FIFO',
  CharacterDevice: 'a device',
  BlockDevice: 'a device',
}

/**
 * Writes the members of a tar archive that a guest sends as files, directories and links below a directory that is nobody's but ours, owned
 * by who copies.
 *
 * Nothing that the archive made is replaced or followed: every member is new (mkdir, O_EXCL, symlink and link fail where something is), and
 * each part of the path above it must be a directory, which lstat says. As nobody else can get into the directory, that cannot change in
 * between, also where the file system takes several spellings for one name.
 * @param top the directory, which becomes the archive's own
 */
export function treeWriter(top: HeldDirectory, { refuse, onSkipped }: TreeEvents): TreeWriter {
  /** The directory that was found to be one last: members of one directory follow each other. */
  let known = ''
  let file: number | undefined

  const checkDirectory = (directory: string) => {
    if (directory === known || directory === '.') return
    const parts = directory.split('/')
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const part = parts.slice(0, depth).join('/')
      if (!top.lookAt(part)?.isDirectory()) throw refuse(`'${plainText(directory)}' is no directory of its own`)
    }
    known = directory
  }
  const writeFile = (entry: ReadEntry, name: string) => {
    file = fs.openSync(top.at(name), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, (entry.mode ?? 0) & FILE_BITS)
    return file
  }
  const onMember = (entry: ReadEntry) => {
    const name = nameOf(entry.path, refuse)
    if (name === '.') return void entry.resume()
    checkDirectory(path.posix.dirname(name))
    switch (entry.type) {
      case 'Directory':
        fs.mkdirSync(top.at(name), { mode: ((entry.mode ?? 0) & FILE_BITS) | OWN_DIRECTORY })
        break
      case 'File':
      case 'OldFile':
      case 'ContiguousFile':
        return writeContent(entry, writeFile(entry, name))
      case 'SymbolicLink':
        if (entry.linkpath?.includes('\uFFFD')) throw refuse(`'${plainText(name)}': its target is no UTF-8`)
        fs.symlinkSync(entry.linkpath ?? '', top.at(name))
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
  /** A second name for a file that is there already. */
  const linkFile = (target: string, name: string) => {
    const source = nameOf(target, refuse)
    checkDirectory(path.posix.dirname(source))
    if (!top.lookAt(source)?.isFile()) throw refuse(`'${plainText(name)}' is a link to what is no file of the archive`)
    fs.linkSync(top.at(source), top.at(name))
  }
  let failure: unknown
  const writeContent = (entry: ReadEntry, descriptor: number) => {
    entry.on('data', (piece: Buffer) => {
      try {
        if (failure === undefined) fs.writeFileSync(descriptor, piece)
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
    corrupt: why => refuse(`it sends no sound archive: ${plainText(why)}`),
    unsupported: (member, why, wayOut) => refuse(`'${plainText(member)}': ${[why, wayOut].filter(Boolean).join('; ')}`),
  })
  return {
    write: piece => {
      reader.write(piece)
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
  /** Frees what is open, also after a failure. */
  close(): void
}

/** A member's name, relative and without `.` in it. */
function nameOf(member: string, refuse: (why: string) => Error): string {
  const parts = member.split('/')
  const refused = (why: string) => refuse(`'${plainText(member)}': ${why}`)
  if (member.startsWith('/') || parts.includes('..')) throw refused('its name leads out of the directory')
  if (member.includes('\uFFFD')) throw refused('its name is no UTF-8')
  return parts.filter(part => part !== '' && part !== '.').join('/') || '.'
}
