import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { program } from './program.ts'

const netns = path.resolve(import.meta.dirname, '../../netns.ts')

test('exec and logs -f survive SIGHUP under nohup', async t => {
  const { state, run } = program(t)
  t.is((await run('test', 'start', '--nvm=1', '--no-stop')).status, 0)
  t.is((await run('exec', 'vm-001', '--', 'sh', '-c', 'echo here >/dev/console')).status, 0)
  for (const [words, status] of [
    [['exec', 'vm-001', '--', 'sh', '-c', 'echo begun; sleep 3; exit 7'], 7],
    [['logs', '-f', 'vm-001'], 143],
  ] as const) {
    const child = spawn('/bin/sh', ['-c', `trap '' HUP; exec "$0" "$@"`, netns, ...words], {
      env: { ...process.env, XDG_STATE_HOME: state },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await once(child.stdout, 'data')
    child.stdout.resume()
    child.kill('SIGHUP')
    await delay(1000)
    if (status === 143) child.kill('SIGTERM')
    t.deepEqual(await once(child, 'close'), [status, null], words.join(' '))
  }
})
