import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { afterRunning, follow, withDeadline } from '../../scripts/host/deadline.ts'

const TOP = path.resolve(import.meta.dirname, '../..')

/** Rejects when a signal is aborted. */
const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

test('aborts a task after its time with the reason, and sets isOver', async t => {
  let isOver = false
  const run = withDeadline(
    20,
    async deadline => {
      await aborted(deadline.signal).finally(() => {
        isOver = deadline.isOver
      })
    },
    { reason: () => new Error('too late') },
  )
  await t.throwsAsync(run, { message: 'too late' })
  t.true(isOver)
})

test("the parent aborts a task with the parent's reason, also before its start, without setting isOver", async t => {
  const parent = new AbortController()
  const run = withDeadline(
    60_000,
    async deadline => {
      await aborted(deadline.signal).catch((error: Error) => {
        throw new Error(`${error.message}, ${deadline.isOver}`)
      })
    },
    { parent: parent.signal },
  )
  parent.abort(new Error('interrupted'))
  await t.throwsAsync(run, { message: 'interrupted, false' })
  await withDeadline(60_000, async ({ signal }) => t.true(signal.aborted), { parent: parent.signal })
})

test('does not abort a signal after its task has ended', async t => {
  const parent = new AbortController()
  const signal = await withDeadline(20, async deadline => deadline.signal, { parent: parent.signal })
  await new Promise(resolve => setTimeout(resolve, 60))
  parent.abort()
  t.false(signal.aborted)
})

test('accepts a timeout beyond the limit of setTimeout()', async t => {
  await withDeadline(1e12, async ({ signal }) => {
    await new Promise(resolve => setTimeout(resolve, 30))
    t.false(signal.aborted)
  })
})

test('does not abort a controller that has stopped following', t => {
  const [parent, first, second] = [new AbortController(), new AbortController(), new AbortController()]
  follow(parent.signal, first)
  follow(parent.signal, second)()
  parent.abort(new Error('over'))
  t.is((first.signal.reason as Error).message, 'over')
  t.false(second.signal.aborted)
})

test('a deadline survives garbage collection', t => {
  const script = `
    import { withDeadline } from './scripts/host/deadline.ts'
    const parent = new AbortController()
    const listening = signal =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const collect = setInterval(() => globalThis.gc(), 5)
    const late = setTimeout(() => { console.log('lost'); process.exit() }, 5000)
    await withDeadline(100, ({ signal }) => listening(signal), { parent: parent.signal })
      .catch(error => console.log(error.message))
    clearInterval(collect)
    clearTimeout(late)`
  const words = ['--expose-gc', '--import', 'tsx', '--input-type=module', '--eval', script]
  t.is(execFileSync(process.execPath, words, { cwd: TOP, encoding: 'utf8' }), 'timed out after 0.1 s\n')
})

test('no other file uses AbortSignal.any() or AbortSignal.timeout()', t => {
  const files = fs
    .readdirSync(path.join(TOP, 'scripts'), { recursive: true, encoding: 'utf8' })
    .filter(file => /\.m?ts$/.test(file) && file !== 'host/deadline.ts')
    .map(file => path.join('scripts', file))
  t.true(files.length > 100)
  const using = [...files, 'netns.ts', 'tar.ts'].filter(file =>
    /AbortSignal\s*\.\s*(any|timeout)\b/.test(fs.readFileSync(path.join(TOP, file), 'utf8')),
  )
  t.deepEqual(using, [])
})

test('afterRunning() does not count time in which the process was stopped', async t => {
  const module_ = JSON.stringify(path.join(TOP, 'scripts/host/deadline.ts'))
  const program = `import { afterRunning } from ${module_}
    const begun = performance.now()
    afterRunning(2000, () => process.stdout.write('over after ' + (performance.now() - begun)))
    process.stdout.write('begun ')`
  const words = ['--import', 'tsx', '--input-type', 'module', '--eval', program]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.on('data', chunk => (stdout += chunk))
  await once(child.stdout, 'data')
  child.kill('SIGSTOP')
  await new Promise(resolve => setTimeout(resolve, 5000))
  child.kill('SIGCONT')
  await once(child, 'close')
  // 5 s stopped and 2 s running.
  t.true(Number(/over after (\d+)/.exec(stdout)?.[1]) > 6000, stdout)
})

test('afterRunning() calls back in time, also beyond the limit of setTimeout()', async t => {
  const begun = performance.now()
  await new Promise<void>(resolve => afterRunning(1200, resolve))
  t.true(performance.now() - begun >= 1190)
  const stop = afterRunning(2 ** 40, () => t.fail('it is not over'))
  await new Promise(resolve => setTimeout(resolve, 50))
  stop()
})
