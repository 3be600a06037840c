import path from 'node:path'

/** The version in package.json. */
export function programVersion(): string {
  // getBuiltinModule: see launch/start.mjs; help loads this file, too.
  const fs = process.getBuiltinModule('node:fs')
  const file = path.resolve(import.meta.dirname, '../../package.json')
  return (JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string }).version
}
