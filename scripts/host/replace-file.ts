import fs from 'node:fs'

/**
 * Writes a file that only this user reads, as a whole: another process sees what was there before, or all of it.
 * @param file its directory exists
 */
export function replaceFile(file: string, text: string): void {
  fs.writeFileSync(`${file}.new`, text, { mode: 0o600 })
  fs.renameSync(`${file}.new`, file)
}
