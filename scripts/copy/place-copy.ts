import fs from 'node:fs'
import type { DirectoryHandle } from './directory-handle.ts'

/** An entry of the staging directory. */
export interface StagedEntry {
  readonly from: DirectoryHandle
  readonly name: string
}

/** Its final name; `.` to merge its content into the directory. */
export interface TargetEntry {
  readonly to: DirectoryHandle
  readonly name: string
}

/** An existing entry that the copy cannot replace. */
export interface Conflict {
  readonly path: string
  readonly why: string
}

/** Finds a conflict before anything is replaced. A link is never treated as a directory. */
export function findConflict(staged: StagedEntry, target: TargetEntry): Conflict | undefined {
  const [isDirectory, existing] = compare(staged, target)
  if (!existing) return undefined
  if (isDirectory && existing.isDirectory()) {
    return inBoth(staged, target, (from, to) => {
      for (const name of from.list()) {
        const found = findConflict({ from, name }, { to, name })
        if (found) return { ...found, path: `${target.name}/${found.path}` }
      }
      return undefined
    })
  }
  if (existing.isDirectory()) return { path: target.name, why: 'is a directory, but the copy is not' }
  if (!isDirectory) return undefined
  const what = existing.isSymbolicLink() ? 'is a link' : 'exists'
  return { path: target.name, why: `${what}, but the copy is a directory` }
}

/**
 * Moves a staged entry to its final name. Merges existing directories, and replaces everything else atomically.
 * @throws the system's error, also for a conflict that appeared after {@link findConflict}
 */
export function placeCopy(staged: StagedEntry, target: TargetEntry): void {
  const [isDirectory, existing] = compare(staged, target)
  if (isDirectory && existing?.isDirectory()) {
    inBoth(staged, target, (from, to) => {
      for (const name of from.list()) placeCopy({ from, name }, { to, name })
    })
  } else {
    fs.renameSync(staged.from.pathOf(staged.name), target.to.pathOf(target.name))
  }
}

const compare = ({ from, name }: StagedEntry, target: TargetEntry) =>
  [from.lstat(name)?.isDirectory() === true, target.to.lstat(target.name)] as const

function inBoth<T>(
  staged: StagedEntry,
  target: TargetEntry,
  task: (from: DirectoryHandle, to: DirectoryHandle) => T,
): T {
  const from = staged.from.openChild(staged.name)
  try {
    const to = target.to.openChild(target.name)
    try {
      return task(from, to)
    } finally {
      to.close()
    }
  } finally {
    from.close()
  }
}
