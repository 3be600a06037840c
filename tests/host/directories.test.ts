import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { makeDirectory } from '../../scripts/host/directories.ts'

test('missing directories are made, and what is there stays', t => {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-directories-'))
  t.teardown(() => fs.rmSync(top, { recursive: true }))
  const deep = path.join(top, 'a/b/c')
  makeDirectory(deep, 0o700)
  makeDirectory(deep)
  t.is(fs.statSync(deep).mode & 0o777, 0o700)
})

test('where nothing can be made the system says why, and at once', t => {
  t.throws(() => makeDirectory('/proc/nothing/of/this/name'), { code: 'ENOENT' })
  t.throws(() => makeDirectory('/dev/null/x'), { code: 'ENOTDIR' })
})
