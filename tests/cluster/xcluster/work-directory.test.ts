import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { withWorkDirectory } from '../../../scripts/cluster/xcluster/work-directory.ts'
import { findProcess } from '../../../scripts/host/processes.ts'

test('removes its directory, and those of killed runs, but not those of others', async t => {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-state-'))
  t.teardown(() => fs.rmSync(state, { recursive: true }))
  const parent = path.join(state, 'xcluster')
  const other = findProcess(process.ppid)
  const living = `run-${other?.pid}-${other?.startTime}`
  for (const name of [`run-${spawnSync('true').pid}-1`, living, 'users'])
    fs.mkdirSync(path.join(parent, name, 'deep'), { recursive: true })
  fs.writeFileSync(path.join(parent, 'cluster.json'), '')
  await withWorkDirectory(state, async directory => {
    t.is(fs.statSync(directory).mode & 0o777, 0o700)
    fs.writeFileSync(path.join(directory, 'file'), '')
  })
  t.deepEqual(fs.readdirSync(parent).sort(), ['cluster.json', living, 'users'])
  await t.throwsAsync(
    withWorkDirectory(state, () => Promise.reject(new Error('no'))),
    { message: 'no' },
  )
  t.is(fs.readdirSync(parent).length, 3)
})
