import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import test from 'ava'
import { notIgnored } from '../../scripts/host/signals.ts'

const NETNS = path.resolve(import.meta.dirname, '../../netns.ts')

/** Sends a signal to a program in the middle of its work, and lets it go on. @returns how it ended, and how much it wrote */
async function interrupt(trap: string, signal: NodeJS.Signals) {
  // More than a pipe holds: it waits until it is read.
  const child = spawn('/bin/sh', ['-c', `${trap} exec "$0" tar --seed 1 -`, NETNS], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let written = 0
  await once(child.stdout, 'readable')
  child.kill(signal)
  // Time in which a signal would end it.
  await new Promise(resolve => setTimeout(resolve, 500))
  child.stdout.on('data', chunk => (written += chunk.length))
  child.stderr.resume()
  const [status] = await once(child, 'close')
  return { status, isWhole: written > 1e6 && written % 512 === 0 }
}

test('a signal that was ignored at the start is ignored, as nohup and a background job of a script have it', async t => {
  t.deepEqual(await interrupt("trap '' HUP;", 'SIGHUP'), { status: 0, isWhole: true })
  t.deepEqual(await interrupt("trap '' INT;", 'SIGINT'), { status: 0, isWhole: true })
  for (const name of ['QUIT', 'USR1', 'USR2', 'ALRM', 'TSTP', 'XCPU'])
    t.deepEqual(await interrupt(`trap '' ${name};`, `SIG${name}` as NodeJS.Signals), { status: 0, isWhole: true }, name)
})

test('a signal that was not ignored ends the program, also where another one was', async t => {
  t.is((await interrupt('', 'SIGHUP')).status, 129)
  t.is((await interrupt("trap '' INT;", 'SIGHUP')).status, 129)
})

test('the mask of /proc counts signals from 1', t => {
  t.deepEqual(notIgnored(['SIGHUP', 'SIGINT', 'SIGTERM'], 0x1n), ['SIGINT', 'SIGTERM'])
  t.deepEqual(notIgnored(['SIGHUP', 'SIGINT', 'SIGTERM'], 0x4002n), ['SIGHUP'])
})
