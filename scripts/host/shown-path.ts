import path from 'node:path'
import process from 'node:process'

/** A path for the user: relative to the working directory, if it is below it. */
export function shownPath(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') || relative === '' ? path.resolve(file) : relative
}
