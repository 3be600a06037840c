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

test('one task at a time holds a lock', async t => {
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

test('releases the lock when the task fails', async t => {
  const file = lockFile(t)
  await t.throwsAsync(
    withLock(file, async () => {
      throw new Error('no')
    }),
    { message: 'no' },
  )
  t.is(await withLock(file, async () => 1, { onWait: () => t.fail('nobody holds it') }), 1)
})

test('the lock of a killed process is free', async t => {
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

/** Holds the lock in another process until the end of the test. */
async function hold(t: ExecutionContext, file: string): Promise<void> {
  const holder = spawn('flock', [file, '/bin/sh', '-c', 'echo locked; read -r end'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  t.teardown(() => holder.stdin.end())
  await once(holder.stdout, 'data')
}

/** Pids of the processes that wait for the lock, without its holder. */
const waitingFor = (file: string): readonly string[] =>
  fs.readdirSync('/proc').filter(id => {
    try {
      const words = fs.readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0')
      return words.includes('--exclusive') && fs.readlinkSync(`/proc/${id}/fd/3`) === file
    } catch {
      return false // not a process, or it has ended
    }
  })

test('waiting for a lock can be aborted, and leaves no process', async t => {
  const file = lockFile(t)
  await hold(t, file)
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

test('a process that is killed while it waits for a lock leaves no process', async t => {
  const file = lockFile(t)
  await hold(t, file)
  const program = `
    import { withLock } from ${JSON.stringify(LOCK)}
    await withLock(${JSON.stringify(file)}, async () => {})`
  const words = ['--import', 'tsx', '--input-type', 'module', '--eval', program]
  const waiting = spawn(process.execPath, words, { stdio: 'ignore' })
  // flock runs with --nonblock first.
  const waits = () =>
    waitingFor(file).some(id => !fs.readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('--nonblock'))
  await waitUntil('it waits for the lock', waits)
  waiting.kill('SIGKILL')
  await once(waiting, 'exit')
  await waitUntil('nobody waits for the lock', () => waitingFor(file).length === 0)
  t.pass()
})

test('fails where no lock file can be created', async t => {
  const file = lockFile(t)
  fs.mkdirSync(file)
  fs.rmdirSync(file)
  fs.writeFileSync(file, '')
  await t.throwsAsync(
    withLock(path.join(file, 'lock'), async () => {}),
    { any: true },
  )
})

test('a lock excludes others even when its previous holder removed the file', async t => {
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

test('ifUnlocked() skips the task when another process holds the lock', async t => {
  const file = lockFile(t)
  const done: string[] = []
  await withLock(file, () => ifUnlocked(file, () => done.push('held')))
  await ifUnlocked(file, () => done.push('free'))
  t.deepEqual(done, ['free'])
})
