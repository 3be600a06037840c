import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { program, until } from './program.ts'

test('exec, cp, logs and capture reach a VM, and a capture excludes its own connection', async t => {
  const { run, start, state } = program(t)
  t.is((await run('test', 'start', '--nvm=1', '--no-stop')).status, 0)
  t.is((await run('exec', 'vm-001', '--', 'netns_test', 'create', '1')).status, 0)
  const inVm = await run('exec', 'vm-001', '--', 'sh', '-c', 'hostname; echo complaint >&2; exit 7')
  t.deepEqual(inVm, { status: 7, stdout: 'vm-001\n', stderr: 'complaint\n' })
  t.is((await run('exec', 'vm-001-ns01', 'hostname')).stdout, 'vm-001-ns01\n')
  fs.writeFileSync(path.join(state, 'file'), 'content')
  t.is((await run('cp', 'file', 'vm-001:/tmp/file')).status, 0)
  t.is((await run('cp', 'vm-001:/tmp/file', 'back')).status, 0)
  t.is(fs.readFileSync(path.join(state, 'back'), 'utf8'), 'content')
  t.is((await run('exec', 'vm-001', '--', 'sh', '-c', 'echo said >/dev/console')).status, 0)
  t.regex((await run('logs', 'vm-001')).stdout, /^said\r?$/m)

  const silent = start(['capture', 'vm-001', 'tcp'])
  let heard = ''
  silent.stderr?.on('data', chunk => {
    heard += chunk
  })
  await until(silent, () => /listening on/.test(heard))
  t.is((await run('exec', 'vm-001', 'true')).status, 0)
  silent.kill('SIGTERM')
  const { stdout: others } = await silent.ended
  const clients = new Set([...others.matchAll(/192\.168\.0\.254\.(\d+)/g)].map(([, port]) => port))
  t.is(clients.size, 1, 'the other connection, and that alone')
})
