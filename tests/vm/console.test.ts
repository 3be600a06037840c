import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { MOST_CONSOLE_BYTES } from '../../scripts/cluster/own/consoles.ts'
import { program } from './program.ts'

test('a VM that floods its console fills a bounded file, which reports it, and keeps running', async t => {
  const { state, run } = program(t)
  const started = await run('test', 'start', '--nvm=1', '--no-stop')
  t.is(started.status, 0, started.stderr)
  const file = path.join(state, 'xcluster-netns/clusters/default/vm-001.console')
  // Most of the flood is a hole in the file: a real one takes an emulated VM minutes (tests/long/console.test.ts).
  fs.truncateSync(file, MOST_CONSOLE_BYTES - 50_000)
  const flooded = await run('exec', 'vm-001', 'sh', '-c', 'seq 1 20000 >/dev/console; echo went on')
  t.is(flooded.stdout, 'went on\n', flooded.stderr)
  t.is(fs.statSync(file).size, MOST_CONSOLE_BYTES)
  const last = await run('logs', '-n', '1', 'vm-001')
  t.is(last.stdout, '(this console is full: output after 16 MiB was dropped)\n')
  t.is((await run('exec', 'vm-001', 'echo', 'here')).stdout, 'here\n')
})
