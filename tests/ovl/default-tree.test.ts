import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { readTree } from '../../scripts/ovl/default-tree.ts'
import { failureOf, temporaryDirectory } from './fixtures/archives.ts'

test('reads files, directories and links; of modes only the executable bit is kept', t => {
  const top = temporaryDirectory(t)
  fs.mkdirSync(path.join(top, 'bin/empty'), { recursive: true, mode: 0o700 })
  fs.writeFileSync(path.join(top, 'bin/tool'), 'tool', { mode: 0o700 })
  fs.writeFileSync(path.join(top, 'text'), 'text', { mode: 0o666 })
  fs.symlinkSync('../bin/tool', path.join(top, 'bin/link'))
  const members = readTree(top).toSorted((a, b) => (a.path < b.path ? -1 : 1))
  t.deepEqual(members, [
    { type: 'directory', path: 'bin' },
    { type: 'directory', path: 'bin/empty' },
    { type: 'link', path: 'bin/link', target: '../bin/tool' },
    { type: 'file', path: 'bin/tool', executable: true, content: [Buffer.from('tool')] },
    { type: 'file', path: 'text', executable: false, content: [Buffer.from('text')] },
  ])
})

for (const [what, target] of [
  ['an absolute link', '/etc/passwd'],
  ['a link that leads out', '../../etc/passwd'],
] as const) {
  test(`refuses ${what}`, async t => {
    const top = temporaryDirectory(t)
    fs.mkdirSync(path.join(top, 'a'))
    fs.symlinkSync(target, path.join(top, 'a/link'))
    const failure = await failureOf(() => readTree(top))
    t.is(failure.code, 'BAD_TREE')
    t.true(failure.message.startsWith(path.join(top, 'a/link')))
  })
}

test('accepts a link to a name that begins with dots', t => {
  const top = temporaryDirectory(t)
  fs.symlinkSync('..hidden', path.join(top, 'link'))
  t.like(readTree(top)[0], { type: 'link', target: '..hidden' })
})

test('refuses a special file, and reports a missing tree', async t => {
  const top = temporaryDirectory(t)
  execFileSync('mkfifo', [path.join(top, 'pipe')])
  t.is((await failureOf(() => readTree(top))).code, 'BAD_TREE')
  const failure = await failureOf(() => readTree(path.join(top, 'missing')))
  t.is(failure.code, 'TREE_UNREADABLE')
  t.is(failure.exitCode, 3)
  t.true(failure.message.includes(path.join(top, 'missing')))
})
