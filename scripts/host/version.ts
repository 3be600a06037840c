import path from 'node:path'

/** The version of this program, as its package says. */
export function programVersion(): string {
  // As in launch/start.mjs: help tells it, too.
  const fs = process.getBuiltinModule('node:fs')
  const file = path.resolve(import.meta.dirname, '../../package.json')
  return (JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string }).version
}
