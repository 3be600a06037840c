import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { virtualTerminal } from '../reporters/live/virtual-terminal.ts'
import { processesIn, program, until } from './program.ts'

/** In the VM: a `netns_test` that hangs in one step. */
const HANG = `#!/bin/sh
case $1 in tcase_bridge_ping) sleep 60;; esac
exec /tmp/netns_test "$@"
`

test('on a real terminal, shows VMs and steps, ends on Ctrl-C, and leaves summary and log lines', async t => {
  const { run, startOnTerminal, state } = program(t)
  t.is((await run('test', 'start', '--nvm=2', '--no-stop')).status, 0)
  const wrap = `cp /bin/netns_test /tmp/netns_test; cat >/bin/netns_test <<'E'\n${HANG}E\n`
  t.is((await run('exec', 'vm-002', '--', 'sh', '-c', wrap)).status, 0)

  const terminal = virtualTerminal()
  const frames = new Set<string>()
  const runner = startOnTerminal(['test', 'bridge', '--no-start', '--reporter', 'log', '--reporter', 'tap=run.tap'])
  runner.stdout?.on('data', text => {
    terminal.stream.write(text)
    for (const line of terminal.lines()) frames.add(line)
  })
  const shows = (...patterns: readonly RegExp[]) => {
    const shown = terminal.lines()
    return patterns.every(pattern => shown.some(line => pattern.test(line)))
  }
  const isLate = [/^bridge: step \d+ of \d+, bridge_ping, [1-9]\d* s +0:\d\d$/, /^ {2}vm-001 {2}ok +\d+\.\d s$/]
  await until(runner, () => shows(...isLate, /^ {2}vm-002 {2}running +[1-9]\d* s/))
  t.true(terminal.cursorIsHidden())
  const before = terminal.lines().length
  runner.stdin?.write('\x03')
  const { status } = await runner.ended
  t.is(status, 130)
  t.true([...frames].some(line => /^bridge: interrupted by SIGINT, ending/.test(line)))

  const left = terminal.lines()
  t.true(left.length < before + 10)
  for (const line of left) t.regex(line, /^(\d\d:\d\d:\d\d| {2}\d\d:\d\d:\d\d \((vm-00[12]|2 nodes)\): )/)
  t.regex(left.at(-2) ?? '', /Total time: \d+ s$/)
  t.regex(left.at(-1) ?? '', /interrupted in \d+ s$/)
  t.is(left.filter(line => /bridge\/bridge_ping \| vm-001-ns04 172\.16\.1\.4 answers$/.test(line)).length, 1)
  t.false(terminal.cursorIsHidden())
  t.regex(fs.readFileSync(path.join(state, 'run.tap'), 'utf8'), /interrupted by SIGINT/)
  t.is((await run('stop')).status, 0)
  t.deepEqual(processesIn(state), [])
})
