import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { programAsTyped } from '../../command-line/edge.ts'
import { expandHome } from '../../settings/home.ts'

const TEMPLATE = path.resolve(import.meta.dirname, 'template')

/**
 * `init`: copies the template into a directory, and prints a line for each file and the next commands.
 * @throws the error of the file system
 */
export function initialize(directory: string): void {
  const top = path.resolve(expandHome('init', directory))
  for (const name of filesIn(TEMPLATE)) {
    const file = path.join(top, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    const isNew = !fs.existsSync(file)
    if (isNew) {
      fs.copyFileSync(path.join(TEMPLATE, name), file)
      // A package's files may be read-only.
      fs.chmodSync(file, path.basename(name) === 'tar' ? 0o755 : 0o644)
    }
    process.stdout.write(`${isNew ? 'created' : 'kept'} ${path.join(directory, name)}\n`)
  }
  const test = path.join(directory, 'tests/first.test.ts')
  process.stdout.write(`Next: ${programAsTyped()} test ${test} --cluster namespaces\n`)
}

/** Files before directories, sorted. */
const filesIn = (directory: string): readonly string[] =>
  (fs.readdirSync(directory, { recursive: true }) as string[])
    .filter(name => fs.statSync(path.join(directory, name)).isFile())
    .sort()
