import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { processesIn, until } from '../vm/program.ts'
import { waitUntil } from '../wait-until.ts'
import { clusterIn, processOf, program, writeOvl } from './program.ts'

/** An ovl whose fping never answers: the last step of `bridge` waits for it. */
const SLOW = { 'usr/bin/fping': '#!/bin/sh\nsleep 600\n' }

test('stop --all ends everything that a killed runner leaves', async t => {
  const { state, start, run } = program(t)
  const clusters = path.join(state, 'xcluster-netns/clusters')
  for (let round = 0; round < 6; round++) {
    const milliseconds = Math.random() * 900
    const runner = start(['test', 'bridge', '--nvm=2'])
    await delay(milliseconds)
    runner.kill('SIGKILL')
    await runner.ended
    const { status, stderr } = await run('stop', '--all')
    t.is(status, 0, stderr)
    t.deepEqual(processesIn(state), [], `killed after ${milliseconds} ms`)
    t.deepEqual(fs.existsSync(clusters) ? fs.readdirSync(clusters) : [], [])
  }
})

test('the orphan reaper stops the cluster of a killed runner', async t => {
  const { state, start, run } = program(t)
  writeOvl(state, 'slow', SLOW)
  const runner = start(['test', 'bridge', '--nvm=1', './slow'])
  await until(runner, () => fs.existsSync(path.join(clusterIn(state), 'vm-001.pid')))
  runner.kill('SIGKILL')
  await runner.ended
  await waitUntil('its processes have ended', () => processesIn(path.join(state, 'xcluster-netns')).length === 0)
  await waitUntil('its directory is gone', () => !fs.existsSync(clusterIn(state)))
  t.is((await run('status', '--json')).stdout, '[]\n')
})

for (const [victim, how] of [
  ['vm-002', 'its first process was ended by SIGKILL'],
  ['world', 'its first process ended with the cluster'],
] as const) {
  test(`reports the end of ${victim} during a step as an infrastructure failure`, async t => {
    const { state, start } = program(t)
    writeOvl(state, 'slow', SLOW)
    const runner = start(['test', 'bridge', '--nvm=2', './slow', '--timeout', '8'])
    let log = ''
    runner.stdout?.on('data', chunk => {
      log += chunk
    })
    await until(runner, () => /vm-002 bridge\/bridge_ping ! TEST CASE: Ping/.test(log))
    process.kill(processOf(state, victim), 'SIGKILL')
    const { status, stderr } = await runner.ended
    t.is(status, 4, stderr)
    t.true(stderr.includes(`FAILED: bridge: bridge_ping on vm-002: `) && stderr.includes(how), stderr)
  })
}

test('reports a node that powers off as gone, and the others keep running', async t => {
  const { state, run } = program(t)
  t.is((await run('test', 'start', '--nvm=2')).status, 0)
  const pid = processOf(state, 'vm-002')
  await run('exec', 'vm-002', '--', 'poweroff')
  await waitUntil('vm-002 has ended', () => !fs.existsSync(`/proc/${pid}/ns/net`))
  const [cluster] = JSON.parse((await run('status', '--json')).stdout)
  t.deepEqual(
    cluster.nodes.map(({ running }: { running: boolean }) => running),
    [true, false],
  )
  t.is((await run('exec', 'vm-001', '--', 'true')).status, 0)
  const { status, stderr } = await run('exec', 'vm-002', '--', 'true')
  t.is(status, 4)
  t.regex(stderr, /vm-002 is gone: its first process ended/)
})

test('waits for a hanging start script only until the timeout', async t => {
  const { state, run } = program(t)
  writeOvl(state, 'hang', { 'etc/init.d/10hang.rc': '#!/bin/sh\necho hanging\nsleep 600\n' })
  const { status, stderr } = await run('test', 'start', './hang', '--nvm=1', '--timeout=2')
  t.is(status, 4)
  t.regex(stderr, /1 of 1 node did not come up in 2 s: vm-001\n.*hanging/s)
  t.deepEqual(processesIn(state), [])
})

test('concurrent clusters do not affect each other', async t => {
  const { run } = program(t)
  const [one, other] = await Promise.all([
    run('test', 'L2', '--name', 'one', '--no-stop'),
    run('test', 'L3', '--name', 'other', '--no-stop'),
  ])
  t.is(one?.status, 0, one?.stderr)
  t.is(other?.status, 0, other?.stderr)
  const again = await run('test', 'matrix', '--no-start', '--name', 'other')
  t.regex(again.stderr, /matrix: 480 of 480 pairs answer/)
  t.is((await run('stop', '--all')).status, 0)
})
