import fs from 'node:fs'

/**
 * Replaces a file atomically, with mode 0600.
 * @param file in an existing directory
 */
export function replaceFile(file: string, text: string): void {
  fs.writeFileSync(`${file}.new`, text, { mode: 0o600 })
  fs.renameSync(`${file}.new`, file)
}
