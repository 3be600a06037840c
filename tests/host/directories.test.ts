import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { makeDirectory, makePrivateDirectory } from '../../scripts/host/directories.ts'

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

test('nobody else can write into a private directory, whatever the umask, also where it was there before', t => {
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
