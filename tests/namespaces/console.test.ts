import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { MOST_CONSOLE_BYTES } from '../../scripts/cluster/own/consoles.ts'
import { clusterIn, program } from './program.ts'

/** A node's console is written in pieces of up to this size. */
const PIECE = 65_536

test('a node that floods its console with 100 MB fills a bounded file, which reports it, and keeps running', async t => {
  const { state, run } = program(t)
  const started = await run('test', 'start', '--nvm=1')
  t.is(started.status, 0, started.stderr)
  const flood = 'yes "a line of the console that is long enough" | head -c 100000000 >/dev/console; echo went on'
  const flooded = await run('exec', 'vm-001', '--', 'sh', '-c', flood)
  t.is(flooded.stdout, 'went on\n', flooded.stderr)
  const { size } = fs.statSync(path.join(clusterIn(state), 'vm-001.console'))
  t.true(size >= MOST_CONSOLE_BYTES && size < MOST_CONSOLE_BYTES + PIECE, `${size} bytes`)
  const last = await run('logs', '-n', '1', 'vm-001')
  t.is(last.stdout, '(this console is full: output after 16 MiB was dropped)\n')
  t.is((await run('exec', 'vm-001', '--', 'echo', 'here')).stdout, 'here\n')
})
