import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { run } from '../../scripts/host/command.ts'

test('passes arguments to a command unchanged', async t => {
  const words = ['a b', '', '$HOME', "it's", '"x"', '*', '-n', 'ä\nb', ';true']
  t.deepEqual((await run('printf', ['%s\\0', ...words])).split('\0').slice(0, -1), words)
})

test('runs a command in the C locale with additional environment variables', async t => {
  t.is(await run('sh', ['-c', 'echo $LC_ALL $ONE'], { environment: { ONE: '1' } }), 'C 1\n')
})

test('writes stdout to a file', async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-command-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'out')
  await run('printf', ['\\377\\0x'], { stdout: file })
  t.deepEqual(fs.readFileSync(file), Buffer.from([0xff, 0, 0x78]))
})

test("reports a failure with the last lines of stderr, and the caller's code, exit status and hint", async t => {
  const script = 'for i in 1 2 3 4 5 6 7; do echo line $i >&2; done; exit 9'
  const error = await t.throwsAsync(
    run('sh', ['-c', script], { failure: { exitCode: 3, code: 'INSTALL_FAILED', hint: 'do this' } }),
    { code: 'INSTALL_FAILED' },
  )
  t.regex(error?.message ?? '', /^sh exited with status 9: line 3\n.*line 7$/s)
  t.like(error, { exitCode: 3, hint: 'do this' })
})

test('reports a missing command by name', async t => {
  await t.throwsAsync(run('no-such-command', []), {
    code: 'COMMAND_FAILED',
    message: /no-such-command could not be run/,
  })
})

test('reports the signal that killed a command', async t => {
  await t.throwsAsync(run('sh', ['-c', 'kill -KILL $$']), { message: /SIGKILL/ })
})

test("stops an aborted command and throws the signal's reason", async t => {
  const abort = new AbortController()
  const running = run('sh', ['-c', 'echo started >&2; exec sleep 60'], {
    signal: abort.signal,
    onErrorLine: () => abort.abort(new Error('enough')),
  })
  await t.throwsAsync(running, { message: 'enough' })
})

const isRunning = (pid: number) =>
  fs.existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))

/** Polls, because the process is an orphan. */
async function ends(pid: number): Promise<boolean> {
  for (let polls = 0; polls < 100 && isRunning(pid); polls++) await delay(20)
  return !isRunning(pid)
}

test('stops the child processes of an aborted command', async t => {
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

test('reapOrphans stops a command and its child processes when this process is killed', async t => {
  const command = JSON.stringify(path.resolve(import.meta.dirname, '../../scripts/host/command.ts'))
  const script = `
    import { run } from ${command}
    await run('true', [], { reapOrphans: true })
    const onErrorLine = line => console.log(line)
    await run('sh', ['-c', 'sleep 60 & echo $! >&2; sleep 60'], { reapOrphans: true, onErrorLine })`
  const runner = spawn(process.execPath, ['--import=tsx', '--input-type=module', '--eval', script])
  const [line] = await once(runner.stdout, 'data')
  const sleeper = Number(line)
  t.true(isRunning(sleeper))
  runner.kill('SIGKILL')
  t.true(await ends(sleeper))
})
