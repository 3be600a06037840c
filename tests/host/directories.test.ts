import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { makeDirectory, makePrivateDirectory } from '../../scripts/host/directories.ts'

test('creates missing directories, and does not change existing ones', t => {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-directories-'))
  t.teardown(() => fs.rmSync(top, { recursive: true }))
  const deep = path.join(top, 'a/b/c')
  makeDirectory(deep, 0o700)
  makeDirectory(deep)
  t.is(fs.statSync(deep).mode & 0o777, 0o700)
})

test('throws the system error at once where no directory can be created', t => {
  t.throws(() => makeDirectory('/proc/nothing/of/this/name'), { code: 'ENOENT' })
  t.throws(() => makeDirectory('/dev/null/x'), { code: 'ENOTDIR' })
})

test("removes other users' write permission from a private directory, new or existing, under any umask", t => {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-directories-'))
  t.teardown(() => fs.rmSync(top, { recursive: true }))
  const umask = process.umask(0)
  t.teardown(() => process.umask(umask))
  const modeOf = (name: string) => fs.statSync(path.join(top, name)).mode & 0o777
  makePrivateDirectory(path.join(top, 'new/below'))
  t.deepEqual([modeOf('new'), modeOf('new/below')], [0o700, 0o700])
  fs.mkdirSync(path.join(top, 'old'), 0o777)
  makePrivateDirectory(path.join(top, 'old'))
  t.is(modeOf('old'), 0o755)
})
