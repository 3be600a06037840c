import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, infrastructureFailure } from '../errors/failure.ts'
import { reasonOf } from '../host/files.ts'
import type { Member } from './member.ts'

/** This repository's file tree for the ovl, without the steps of tests. */
export const DEFAULT_TREE = path.resolve(import.meta.dirname, '../../ovl/default')

/**
 * Reads the files, directories and links below a directory. Only the owner's executable bit of modes is kept, as git
 * does.
 * @throws Failure BAD_TREE (exit 4) for a link out of the tree, or a special file; TREE_UNREADABLE (exit 3)
 */
export function readTree(top: string = DEFAULT_TREE): readonly Member[] {
  try {
    return fs
      .readdirSync(top, { recursive: true, withFileTypes: true })
      .map(entry => readMember(entry, path.join(entry.parentPath, entry.name), top))
  } catch (error) {
    const { syscall, path: where = top } = error as NodeJS.ErrnoException
    if (!syscall) throw error
    throw environmentFailure('TREE_UNREADABLE', `cannot read ${where}: ${reasonOf(error)}`, { cause: error })
  }
}

function readMember(entry: fs.Dirent, file: string, top: string): Member {
  const relative = path.relative(top, file)
  if (entry.isDirectory()) return { type: 'directory', path: relative }
  if (entry.isFile()) {
    const executable = (fs.statSync(file).mode & 0o100) !== 0
    return { type: 'file', path: relative, executable, content: [fs.readFileSync(file)] }
  }
  const target = entry.isSymbolicLink() ? fs.readlinkSync(file) : undefined
  if (target === undefined || path.isAbsolute(target) || leadsOut(path.join(relative, '..', target))) {
    throw infrastructureFailure('BAD_TREE', `${file}: not a file, a directory or a link within ${top}`)
  }
  return { type: 'link', path: relative, target }
}

const leadsOut = (relative: string): boolean => relative.split('/')[0] === '..'
