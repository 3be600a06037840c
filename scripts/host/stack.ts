import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** A frame of a stack: `at run (file:///home/me/policy.test.ts:12:5)`, `at async /home/me/policy.test.ts:12:5`. */
const FRAME = /(?:\(|\bat (?:async )?)((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/

/**
 * The place in a test's file where an error was created or a function was called.
 * @param file absolute path
 * @param shown the file as reports name it
 * @returns `policy.test.ts:12:5`; undefined if the stack does not lead to the file
 */
export function locationIn(stack: string | undefined, file: string, shown: string): string | undefined {
  for (const line of stack?.split('\n') ?? []) {
    const [, place = '', row, column] = FRAME.exec(line.trim()) ?? []
    if (place && samePath(place, file)) return `${shown}:${row}:${column}`
  }
  return undefined
}

/** A module that is imported again has a query behind its path. */
function samePath(place: string, file: string): boolean {
  const [plain = ''] = place.split('?')
  return path.resolve(plain.startsWith('file:') ? fileURLToPath(plain) : plain) === file
}
