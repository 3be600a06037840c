import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import test from 'ava'
import { withoutIgnored } from '../../scripts/host/signals.ts'

const NETNS = path.resolve(import.meta.dirname, '../../netns.ts')

/** Sends a signal to the program while it writes an archive. @returns exit status, and whether the archive is whole */
async function interrupt(trap: string, signal: NodeJS.Signals) {
  // The archive does not fit into the pipe, so the program blocks until it is read.
  const child = spawn('/bin/sh', ['-c', `${trap} exec "$0" tar --seed 1 -`, NETNS], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let written = 0
  await once(child.stdout, 'readable')
  child.kill(signal)
  // Long enough for the signal to end the program.
  await new Promise(resolve => setTimeout(resolve, 500))
  child.stdout.on('data', chunk => (written += chunk.length))
  child.stderr.resume()
  const [status] = await once(child, 'close')
  return { status, isWhole: written > 1e6 && written % 512 === 0 }
}

test('keeps ignoring signals that were ignored at its start, as by nohup or in the background of a script', async t => {
  t.deepEqual(await interrupt("trap '' HUP;", 'SIGHUP'), { status: 0, isWhole: true })
  t.deepEqual(await interrupt("trap '' INT;", 'SIGINT'), { status: 0, isWhole: true })
  for (const name of ['QUIT', 'USR1', 'USR2', 'ALRM', 'TSTP', 'XCPU'])
    t.deepEqual(await interrupt(`trap '' ${name};`, `SIG${name}` as NodeJS.Signals), { status: 0, isWhole: true }, name)
})

test('a signal ends the program unless it was ignored at its start', async t => {
  t.is((await interrupt('', 'SIGHUP')).status, 129)
  t.is((await interrupt("trap '' INT;", 'SIGHUP')).status, 129)
})

test('reads the signal mask of /proc, whose first bit is signal 1', t => {
  t.deepEqual(withoutIgnored(['SIGHUP', 'SIGINT', 'SIGTERM'], 0x1n), ['SIGINT', 'SIGTERM'])
  t.deepEqual(withoutIgnored(['SIGHUP', 'SIGINT', 'SIGTERM'], 0x4002n), ['SIGHUP'])
})
