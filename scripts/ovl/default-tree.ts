import fs from 'node:fs'
import path from 'node:path'
import { infrastructureFailure } from '../errors/failure.ts'
import type { Member } from './member.ts'

/** The tree that this repository brings. */
export const DEFAULT_TREE = path.resolve(import.meta.dirname, '../../ovl/default')

/**
 * The files, directories and links below a directory. Of modes only the owner's executable bit counts: it is all that git keeps.
 * @throws Failure BAD_TREE (exit 4) for a link that leads out of the tree, or a special file
 */
export function readTree(top: string = DEFAULT_TREE): readonly Member[] {
  return fs.readdirSync(top, { recursive: true, withFileTypes: true }).map(entry => {
    const file = path.join(entry.parentPath, entry.name)
    const relative = path.relative(top, file).split(path.sep).join('/')
    if (entry.isDirectory()) return { type: 'directory', path: relative }
    if (entry.isFile()) {
      const executable = (fs.statSync(file).mode & 0o100) !== 0
      return { type: 'file', path: relative, executable, content: fs.readFileSync(file) }
    }
    const target = entry.isSymbolicLink() ? fs.readlinkSync(file) : undefined
    if (target === undefined || path.isAbsolute(target) || path.join(relative, '..', target).startsWith('..')) {
      throw infrastructureFailure('BAD_TREE', `${file}: not a file, a directory or a link within ${top}`)
    }
    return { type: 'link', path: relative, target }
  })
}
