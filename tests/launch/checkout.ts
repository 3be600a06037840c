import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { ExecutionContext } from 'ava'

const TOP = path.resolve(import.meta.dirname, '../..')

/** A copy of the repository with the same packages and an own cache of bundles. */
export function checkout(t: ExecutionContext) {
  const top = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'netns-bundle-')))
  t.teardown(() => fs.rmSync(top, { recursive: true, force: true }))
  for (const name of ['netns.ts', 'tar.ts', 'scripts', 'ovl', 'package.json', 'package-lock.json'])
    fs.cpSync(path.join(TOP, name), path.join(top, name), { recursive: true })
  fs.mkdirSync(path.join(top, 'node_modules'))
  for (const name of fs.readdirSync(path.join(TOP, 'node_modules'))) {
    if (name.startsWith('.')) continue
    fs.symlinkSync(path.join(TOP, 'node_modules', name), path.join(top, 'node_modules', name))
  }
  const bundles = () => fs.readdirSync(path.join(top, 'node_modules/.cache/xcluster-netns'))
  const list = () => spawnSync(path.join(top, 'netns.ts'), ['test', '--list'], { encoding: 'utf8' })
  return { top, program: path.join(top, 'netns.ts'), bundles, list }
}
