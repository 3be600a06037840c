import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { withLock } from '../../scripts/host/lock.ts'

function lockFile(t: ExecutionContext): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-lock-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  return path.join(directory, 'lock')
}

test('of those that want a lock one at a time has it', async t => {
  const file = lockFile(t)
  let inside = 0
  let waited = 0
  const task = async () => {
    inside++
    t.is(inside, 1)
    await new Promise(setImmediate)
    inside--
    return 'done'
  }
  const results = await Promise.all([1, 2, 3, 4].map(() => withLock(file, task, () => waited++)))
  t.deepEqual(results, ['done', 'done', 'done', 'done'])
  t.true(waited <= 3)
})

test('a lock is free again after a failure', async t => {
  const file = lockFile(t)
  await t.throwsAsync(
    withLock(file, async () => {
      throw new Error('no')
    }),
    { message: 'no' },
  )
  t.is(
    await withLock(
      file,
      async () => 1,
      () => t.fail('nobody holds it'),
    ),
    1,
  )
})

test('the lock of a process that is killed is free', async t => {
  const file = lockFile(t)
  const holder = spawn('flock', [file, '/bin/sh', '-c', 'echo locked; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] })
  await once(holder.stdout, 'data')
  let waited = false
  const mine = withLock(
    file,
    async () => 'mine',
    () => {
      waited = true
      process.kill(holder.pid ?? 0, 'SIGKILL')
      holder.stdin.end()
    },
  )
  t.is(await mine, 'mine')
  t.true(waited)
})

test('a place where no lock can be made is told', async t => {
  const file = lockFile(t)
  fs.mkdirSync(file)
  fs.rmdirSync(file)
  fs.writeFileSync(file, '')
  await t.throwsAsync(
    withLock(path.join(file, 'lock'), async () => {}),
    { any: true },
  )
})
