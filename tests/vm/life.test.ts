import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { waitUntil } from '../wait-until.ts'
import { processesIn, program, until } from './program.ts'

test('status shows and stop ends everything that a killed runner leaves, whenever it is killed', async t => {
  const { state, start, run } = program(t)
  // From before the cluster's directory exists to after the VMs are up.
  for (const milliseconds of [300, 700, 900, 1100, 1500, 2500, 4500]) {
    const runner = start(['test', 'start', '--nvm=2'])
    await delay(milliseconds + Math.random() * 200)
    runner.kill('SIGKILL')
    await runner.ended
    const { status, stderr } = await run('stop', '--all')
    t.is(status, 0, stderr)
    t.deepEqual(processesIn(state), [], `killed after ${milliseconds} ms`)
    t.deepEqual(
      fs.readdirSync(state).length === 0 ? [] : fs.readdirSync(path.join(state, 'xcluster-netns/clusters')),
      [],
    )
  }
})

test('processes of a killed runner exit without a stop', async t => {
  const { state, start, run } = program(t)
  const runner = start(['test', 'start', '--nvm=1'])
  await until(runner, () => processesIn(path.join(state, 'xcluster-netns')).length >= 2)
  runner.kill('SIGKILL')
  await runner.ended
  await waitUntil('its processes have ended', () => processesIn(path.join(state, 'xcluster-netns')).length === 0)
  t.is((await run('status', '--json')).stdout, '[]\n')
})

test('Ctrl-C ends the run and its cluster', async t => {
  const { state, start } = program(t)
  const runner = start(['test', 'start', '--nvm=2'])
  await until(runner, () => processesIn(path.join(state, 'xcluster-netns')).length >= 3)
  runner.kill('SIGINT')
  const { status, stderr } = await runner.ended
  t.is(status, 130, stderr)
  t.regex(stderr, /interrupted by SIGINT/)
  t.deepEqual(processesIn(state), [])
})

/** An ovl `./slow`, whose fping never answers: the last step of `bridge` waits for it. */
function writeSlowOvl(directory: string): void {
  const ovl = path.join(directory, 'slow')
  fs.mkdirSync(path.join(ovl, 'usr/bin'), { recursive: true })
  fs.writeFileSync(path.join(ovl, 'usr/bin/fping'), '#!/bin/sh\nsleep 600\n', { mode: 0o755 })
  fs.writeFileSync(path.join(ovl, 'tar'), '#!/bin/sh\nexec tar cf "$1" -C "$(dirname "$0")" usr\n', { mode: 0o755 })
}

test('reports a VM that dies during a run by name and cause, as an infrastructure failure', async t => {
  const { state, start } = program(t)
  writeSlowOvl(state)
  const runner = start(['test', 'bridge', '--nvm=2', './slow', '--timeout', '30'])
  let log = ''
  runner.stdout?.on('data', chunk => {
    log += chunk
  })
  await until(runner, () => /vm-002 bridge\/bridge_ping ! TEST CASE: Ping/.test(log))
  const cluster = path.join(state, 'xcluster-netns/clusters/default')
  process.kill(Number.parseInt(fs.readFileSync(path.join(cluster, 'vm-002.pid'), 'utf8'), 10), 'SIGKILL')
  const { status, stderr } = await runner.ended
  t.is(status, 4)
  t.regex(stderr, /FAILED: bridge: bridge_ping on vm-002: .*its QEMU was ended by SIGKILL/)
  t.regex(stderr, /FAILED: bridge: bridge_ping on vm-001: did not end in 30 s/)
})

test('reports a VM that does not boot in time with its console, and leaves nothing', async t => {
  const { state, run } = program(t)
  const { status, stderr } = await run('test', 'start', '--nvm=2', '--timeout', '1')
  t.is(status, 4)
  t.regex(stderr, /2 of 2 VMs did not come up in 1 s: vm-001, vm-002/)
  t.deepEqual(processesIn(state), [])
})

test('start leaves its cluster running; the next test stops it, unless a user is logged in', async t => {
  const { run, runWith, start, state } = program(t)
  const started = await run('test', 'start', '--nvm=1')
  t.is(started.status, 0, started.stderr)
  t.regex(started.stderr, /The cluster is left running: \S+ shell vm-001 enters it, \S+ stop ends it\n$/)
  const clusters = path.join(state, 'xcluster-netns/clusters')
  const attached = start(['exec', 'vm-001', '--', 'sleep', '100'])
  await until(attached, () => fs.existsSync(path.join(clusters, 'default/users')))
  const refused = await run('test', 'start_empty', '--nvm=1')
  t.is(refused.status, 3)
  t.regex(refused.stderr, /cluster 'default' is in use: exec vm-001 \(process \d+\).*--replace/)
  const replacing = await run('test', 'start', '--nvm=1', '--replace')
  t.is(replacing.status, 0, replacing.stderr)
  t.is((await attached.ended).status, 4)
  const again = await run('test', 'start', '--nvm=2')
  t.is(again.status, 0, again.stderr)
  t.regex(again.stderr, /stopped cluster 'default', running since /)
  t.is((await run('exec', 'vm-002', '--', 'hostname')).stdout, 'vm-002\n')
  t.is((await run('test', 'start', '--nvm=1', '--stop')).status, 0)
  t.deepEqual(fs.readdirSync(clusters), [])
  const inPipeline = await runWith({ CI: 'true' }, 'test', 'start', '--nvm=1')
  t.is(inPipeline.status, 0)
  t.deepEqual(fs.readdirSync(clusters), [])
  t.is((await runWith({ CI: 'true' }, 'test', 'start', '--nvm=1', '--no-stop')).status, 0)
  t.deepEqual(fs.readdirSync(clusters), ['default'])
})

test('does not report an ovl given instead of a test as tested', async t => {
  const { run, state } = program(t)
  const ovl = path.join(state, 'mine')
  fs.mkdirSync(path.join(ovl, 'bin'), { recursive: true })
  fs.writeFileSync(path.join(ovl, 'tar'), '#!/bin/sh\nexec tar cf "$1" -C "$(dirname "$0")" bin\n', { mode: 0o755 })
  const { status, stderr } = await run('test', 'mine', '--nvm=1', '--stop')
  t.is(status, 0, stderr)
  t.regex(stderr, /'mine' is an ovl, not a test: the test 'start' runs with it/)
  t.regex(stderr, /'mine' is an ovl, not a test, so it was not tested\n.*Total time/)
})

test('--no-start uses a running cluster, and stop ends it', async t => {
  const { run, state } = program(t)
  const started = await run('test', 'start', '--nvm=2')
  t.is(started.status, 0)
  t.is((await run('test', 'bridge', '--no-start')).status, 0)
  const cluster = path.join(state, 'xcluster-netns/clusters/default')
  process.kill(Number.parseInt(fs.readFileSync(path.join(cluster, 'vm-002.pid'), 'utf8'), 10), 'SIGKILL')
  const incomplete = await run('test', 'bridge', '--no-start')
  t.is(incomplete.status, 4)
  t.regex(incomplete.stderr, /vm-002 is gone: its QEMU ended/)
  t.is((await run('stop')).status, 0)
  t.is((await run('stop')).status, 3)
  t.is((await run('test', 'start', '--no-start')).status, 3)
  t.deepEqual(processesIn(state), [])
})

test('refuses a second run with the name of a running one, and runs one with another name in parallel', async t => {
  const { start, run, state } = program(t)
  writeSlowOvl(state)
  const first = start(['test', 'bridge', '--nvm=1', './slow', '--timeout', '600'])
  await until(first, () => processesIn(path.join(state, 'xcluster-netns')).length >= 2)
  const second = await run('test', 'start', '--nvm=1')
  t.is(second.status, 3)
  t.regex(second.stderr, /cluster 'default' is in use by process \d+ /)
  const other = await run('test', 'bridge', '--nvm=1', '--name', 'other')
  t.is(other.status, 0, other.stderr)
  first.kill('SIGINT')
  t.is((await first.ended).status, 130)
})

test('in a pipeline nothing is left running after a failure', async t => {
  const { runWith, state } = program(t)
  const ovl = path.join(state, 'failing')
  fs.mkdirSync(path.join(ovl, 'bin'), { recursive: true })
  fs.writeFileSync(path.join(ovl, 'bin/netns_test'), '#!/bin/sh\necho some last words\nexit 3\n', { mode: 0o755 })
  fs.writeFileSync(path.join(ovl, 'tar'), '#!/bin/sh\nexec tar cf "$1" -C "$(dirname "$0")" bin\n', { mode: 0o755 })
  const { status, stderr } = await runWith({ CI: 'true' }, 'test', 'start', '--nvm=1', '--ovl', './failing')
  t.is(status, 1)
  t.regex(stderr, /FAILED: start: version on vm-001: exited with status 3\n {4}some last words/)
  t.deepEqual(processesIn(state), [])
})
