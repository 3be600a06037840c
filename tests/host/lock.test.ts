import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { ifUnlocked, withLock } from '../../scripts/host/lock.ts'
import { waitUntil } from '../wait-until.ts'

const LOCK = path.resolve(import.meta.dirname, '../../scripts/host/lock.ts')

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
  const results = await Promise.all([1, 2, 3, 4].map(() => withLock(file, task, { onWait: () => waited++ })))
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
  t.is(await withLock(file, async () => 1, { onWait: () => t.fail('nobody holds it') }), 1)
})

test('the lock of a process that is killed is free', async t => {
  const file = lockFile(t)
  const holder = spawn('flock', [file, '/bin/sh', '-c', 'echo locked; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] })
  await once(holder.stdout, 'data')
  let waited = false
  const mine = withLock(file, async () => 'mine', {
    onWait: () => {
      waited = true
      process.kill(holder.pid ?? 0, 'SIGKILL')
      holder.stdin.end()
    },
  })
  t.is(await mine, 'mine')
  t.true(waited)
})

/** Somebody who has the lock. */
async function held(t: ExecutionContext, file: string): Promise<void> {
  const holder = spawn('flock', [file, '/bin/sh', '-c', 'echo locked; read -r end'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  t.teardown(() => holder.stdin.end())
  await once(holder.stdout, 'data')
}

/** Those who want it, without the one who has it. */
const waitingFor = (file: string): readonly string[] =>
  fs.readdirSync('/proc').filter(id => {
    try {
      const words = fs.readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0')
      return words.includes('--exclusive') && fs.readlinkSync(`/proc/${id}/fd/3`) === file
    } catch {
      return false // no process, or one that ended meanwhile
    }
  })

test('who waits for a lock can be told to stop, and leaves no process', async t => {
  const file = lockFile(t)
  await held(t, file)
  const control = new AbortController()
  const signal = control.signal
  const onWait = () => setTimeout(() => control.abort(new Error('enough')), 100)
  await t.throwsAsync(
    withLock(file, async () => t.fail('it is held'), { onWait, signal }),
    { message: 'enough' },
  )
  t.deepEqual(waitingFor(file), [])
  await t.throwsAsync(
    withLock(file, async () => t.fail('too late'), { signal }),
    { message: 'enough' },
  )
})

test('who is killed while waiting for a lock leaves no process', async t => {
  const file = lockFile(t)
  await held(t, file)
  const program = `import { withLock } from ${JSON.stringify(LOCK)}; await withLock(${JSON.stringify(file)}, async () => {})`
  const words = ['--import', 'tsx', '--input-type', 'module', '--eval', program]
  const waiting = spawn(process.execPath, words, { stdio: 'ignore' })
  // The first try is over when the second, which has no other options, is there.
  const waits = () =>
    waitingFor(file).some(id => !fs.readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('--nonblock'))
  await waitUntil('it waits for the lock', waits)
  waiting.kill('SIGKILL')
  await once(waiting, 'exit')
  await waitUntil('nobody waits for the lock', () => waitingFor(file).length === 0)
  t.pass()
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

test('whoever waited for a lock whose file was removed meanwhile keeps others out', async t => {
  const file = lockFile(t)
  let inside = 0
  const task = async () => {
    inside++
    t.is(inside, 1)
    await delay(20)
    fs.rmSync(file)
    inside--
  }
  await Promise.all([1, 2, 3, 4].map(() => withLock(file, task)))
  t.false(fs.existsSync(file))
})

test('a lock that another process holds is passed over', async t => {
  const file = lockFile(t)
  const done: string[] = []
  await withLock(file, () => ifUnlocked(file, () => done.push('held')))
  await ifUnlocked(file, () => done.push('free'))
  t.deepEqual(done, ['free'])
})
