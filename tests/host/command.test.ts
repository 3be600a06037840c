import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { run } from '../../scripts/host/command.ts'

test('words reach a command as they are', async t => {
  const words = ['a b', '', '$HOME', "it's", '"x"', '*', '-n', 'ä\nb', ';true']
  t.deepEqual((await run('printf', ['%s\\0', ...words])).split('\0').slice(0, -1), words)
})

test('a command runs in the C locale, with what is added to the environment', async t => {
  t.is(await run('sh', ['-c', 'echo $LC_ALL $ONE'], { environment: { ONE: '1' } }), 'C 1\n')
})

test('stdout can go to a file', async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-command-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'out')
  await run('printf', ['\\377\\0x'], { stdout: file })
  t.deepEqual(fs.readFileSync(file), Buffer.from([0xff, 0, 0x78]))
})

test('a failure has the last lines of stderr, its exit code, and what the caller says of it', async t => {
  const script = 'for i in 1 2 3 4 5 6 7; do echo line $i >&2; done; exit 9'
  const error = await t.throwsAsync(
    run('sh', ['-c', script], { failure: { exitCode: 3, code: 'INSTALL_FAILED', hint: 'do this' } }),
    { code: 'INSTALL_FAILED' },
  )
  t.regex(error?.message ?? '', /^sh exited with status 9: line 3\n.*line 7$/s)
  t.like(error, { exitCode: 3, hint: 'do this' })
})

test('a command that is not there is named', async t => {
  await t.throwsAsync(run('no-such-command', []), {
    code: 'COMMAND_FAILED',
    message: /no-such-command could not be run/,
  })
})

test('a command that a signal ended is told', async t => {
  await t.throwsAsync(run('sh', ['-c', 'kill -KILL $$']), { message: /SIGKILL/ })
})

test('an aborted command ends, with the reason', async t => {
  const abort = new AbortController()
  const running = run('sh', ['-c', 'echo started >&2; exec sleep 60'], {
    signal: abort.signal,
    onErrorLine: () => abort.abort(new Error('enough')),
  })
  await t.throwsAsync(running, { message: 'enough' })
})

const isThere = (pid: number) =>
  fs.existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))

/** Its parent is gone: somebody else takes note of its end, a moment later. */
async function ends(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100 && isThere(pid); tries++) await delay(20)
  return !isThere(pid)
}

test('what an aborted command has started ends with it', async t => {
  const abort = new AbortController()
  let sleeper = 0
  const running = run('sh', ['-c', 'sleep 60 & echo $! >&2; sleep 60'], {
    signal: abort.signal,
    onErrorLine: line => {
      sleeper = Number(line)
      abort.abort(new Error('enough'))
    },
  })
  await t.throwsAsync(running, { message: 'enough' })
  t.true(await ends(sleeper))
})

test('a leashed command, and what it has started, ends when its runner is killed', async t => {
  const command = JSON.stringify(path.resolve(import.meta.dirname, '../../scripts/host/command.ts'))
  const script = `
    import { run } from ${command}
    await run('true', [], { leashed: true })
    await run('sh', ['-c', 'sleep 60 & echo $! >&2; sleep 60'], { leashed: true, onErrorLine: line => console.log(line) })`
  const runner = spawn(process.execPath, ['--import=tsx', '--input-type=module', '--eval', script])
  const [line] = await once(runner.stdout, 'data')
  const sleeper = Number(line)
  t.true(isThere(sleeper))
  runner.kill('SIGKILL')
  t.true(await ends(sleeper))
})
