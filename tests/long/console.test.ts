import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { MOST_CONSOLE_BYTES } from '../../scripts/cluster/own/consoles.ts'
import { program } from '../vm/program.ts'

test('100 MB of console output take 16 MiB on the disk, and the VM keeps running', async t => {
  const { state, run } = program(t)
  const started = await run('test', 'start', '--nvm=1', '--no-stop')
  t.is(started.status, 0, started.stderr)
  const flood = 'seq 100000000 111200000 >/dev/console; echo went on'
  const flooded = await run('exec', 'vm-001', 'sh', '-c', flood)
  t.is(flooded.stdout, 'went on\n', flooded.stderr)
  const file = path.join(state, 'xcluster-netns/clusters/default/vm-001.console')
  t.is(fs.statSync(file).size, MOST_CONSOLE_BYTES)
  const last = await run('logs', '-n', '1', 'vm-001')
  t.is(last.stdout, '(this console is full: output after 16 MiB was dropped)\n')
})
