import fs from 'node:fs'
import type { HeldDirectory } from './held-directory.ts'

/** What was made. */
export interface Made {
  readonly from: HeldDirectory
  readonly name: string
}

/** Where it belongs: `.` for what is in it, which belongs into the directory itself. */
export interface Wanted {
  readonly to: HeldDirectory
  readonly name: string
}

/** What is in the way, and below which name. */
export interface Conflict {
  readonly at: string
  readonly why: string
}

/** What is in the way of a copy, before anything is replaced. A link is no directory, wherever it leads. */
export function findConflict(made: Made, wanted: Wanted): Conflict | undefined {
  const [isDirectory, there] = compare(made, wanted)
  if (!there) return undefined
  if (isDirectory && there.isDirectory()) {
    return inBoth(made, wanted, (from, to) => {
      for (const name of from.names()) {
        const found = findConflict({ from, name }, { to, name })
        if (found) return { ...found, at: `${wanted.name}/${found.at}` }
      }
      return undefined
    })
  }
  if (there.isDirectory()) return { at: wanted.name, why: 'is a directory, and what is copied is none' }
  if (!isDirectory) return undefined
  const what = there.isSymbolicLink() ? 'is a link' : 'is there'
  return { at: wanted.name, why: `${what}, and what is copied is a directory` }
}

/**
 * Puts what was made where it belongs. Directories that are there already are kept, everything else is replaced as a whole.
 * @throws the system's error, also where something was put in the way meanwhile
 */
export function placeCopy(made: Made, wanted: Wanted): void {
  const [isDirectory, there] = compare(made, wanted)
  if (isDirectory && there?.isDirectory()) {
    inBoth(made, wanted, (from, to) => {
      for (const name of from.names()) placeCopy({ from, name }, { to, name })
    })
  } else {
    fs.renameSync(made.from.at(made.name), wanted.to.at(wanted.name))
  }
}

const compare = ({ from, name }: Made, wanted: Wanted) =>
  [from.lookAt(name)?.isDirectory() === true, wanted.to.lookAt(wanted.name)] as const

function inBoth<T>(made: Made, wanted: Wanted, task: (from: HeldDirectory, to: HeldDirectory) => T): T {
  const from = made.from.below(made.name)
  try {
    const to = wanted.to.below(wanted.name)
    try {
      return task(from, to)
    } finally {
      to.close()
    }
  } finally {
    from.close()
  }
}
