import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'

const TOP = path.resolve(import.meta.dirname, '..')

/** By default AVA runs no files in such folders, even if the command line names them, nor any that begin with `_`. */
const IGNORED = /(?:^|\/)tests?\/(?:.*\/)?(?:helper|fixture)s?\/|(?:^|\/)_[^/]*/

const ignoredTests = (files: readonly string[]): readonly string[] =>
  files.filter(file => file.endsWith('.test.ts') && IGNORED.test(file))

test('ava ignores no test file', t => {
  const files = ['tests', 'scripts'].flatMap(folder =>
    fs.readdirSync(path.join(TOP, folder), { recursive: true, encoding: 'utf8' }).map(file => `${folder}/${file}`),
  )
  t.true(files.filter(file => file.endsWith('.test.ts')).length > 200)
  t.deepEqual(ignoredTests(files), [])
  const ignored = ['tests/cni/fixture/a.test.ts', 'tests/cni/_a.test.ts']
  t.deepEqual(ignoredTests([...ignored, 'tests/cni/a.test.ts', 'tests/cni/fixture/faults.ts']), ignored)
})
