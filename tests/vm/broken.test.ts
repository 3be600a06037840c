import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { processesIn, program, type Running, until } from './program.ts'

const CLUSTER = 'xcluster-netns/clusters/default'

/** A run that waits in its last step. */
function waiting(t: ExecutionContext, ...words: string[]) {
  const { state, start, ...rest } = program(t)
  const ovl = path.join(state, 'slow')
  fs.mkdirSync(path.join(ovl, 'usr/bin'), { recursive: true })
  // Replaces fping, for which the last step waits.
  const slow = '#!/bin/sh\n[ ! -e /tmp/waited ] && sleep 4\n: >/tmp/waited\nexec /usr/bin/real-fping "$@"\n'
  fs.writeFileSync(path.join(ovl, 'usr/bin/fping'), slow, { mode: 0o755 })
  const tar =
    '#!/bin/sh\ncp /usr/bin/fping "$(dirname "$0")/usr/bin/real-fping" && exec tar cf "$1" -C "$(dirname "$0")" usr\n'
  fs.writeFileSync(path.join(ovl, 'tar'), tar, { mode: 0o755 })
  const runner = start(['test', 'bridge', './slow', '--timeout', '30', ...words])
  let log = ''
  runner.stdout?.on('data', chunk => {
    log += chunk
  })
  const begun = () => until(runner, () => /vm-001 bridge\/bridge_ping ! TEST CASE: Ping/.test(log))
  return { state, runner, begun, directory: path.join(state, CLUSTER), ...rest }
}

const pidOf = (directory: string, name: string) =>
  Number.parseInt(fs.readFileSync(path.join(directory, `${name}.pid`), 'utf8'), 10)

async function isBroken(t: ExecutionContext, runner: Running, says: RegExp) {
  const { status, stderr } = await runner.ended
  t.is(status, 4, stderr)
  t.regex(stderr, says)
  t.notRegex(stderr, /: passed|\n\s+at /)
}

test("a run whose cluster's directory is removed fails without a hang, and leaves no VM", async t => {
  const { state, runner, begun, directory, run } = waiting(t, '--nvm=1', '--no-stop')
  await begun()
  fs.rmSync(directory, { recursive: true })
  await isBroken(t, runner, /FAILED: .*cluster\.json is gone, damaged or another run's \(.*stop --all/)
  t.deepEqual(processesIn(state), [])
  t.is((await run('status', '--json')).stdout, '[]\n')
})

test("the VMs of a killed run are stopped although their cluster's files are gone", async t => {
  const { state, runner, begun, directory, run } = waiting(t, '--nvm=1')
  await begun()
  fs.rmSync(directory, { recursive: true })
  runner.kill('SIGKILL')
  await runner.ended
  await run('stop', '--all')
  t.deepEqual(processesIn(state), [])
})

test('a switch that exits or is stopped is reported by name as an infrastructure failure', async t => {
  for (const [signal, says] of [
    ['SIGKILL', /the switch of net 1 has ended/],
    ['SIGSTOP', /the switch of net 1 was stopped/],
  ] as const) {
    const { state, runner, begun, directory } = waiting(t, '--nvm=1')
    await begun()
    process.kill(pidOf(directory, 'net1'), signal)
    await isBroken(t, runner, says)
    t.deepEqual(processesIn(state), [])
  }
})

test('stops a retained cluster with a damaged record and all its VMs', async t => {
  const { state, run } = program(t)
  t.is((await run('test', 'start', '--nvm=1', '--no-stop')).status, 0)
  fs.writeFileSync(path.join(state, CLUSTER, 'cluster.json'), '{"name":')
  const { stdout } = await run('status')
  t.regex(stdout, /^default +abandoned /m)
  const { status, stderr } = await run('stop')
  t.is(status, 0, stderr)
  t.deepEqual(processesIn(state), [])
})
