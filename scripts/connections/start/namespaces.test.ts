import test from 'ava'
import { program } from '../../../tests/namespaces/program.ts'

test('start passes with the versions in its log, and fails on a node that lacks a command', async t => {
  const { run } = program(t)
  const started = await run('test', 'start', '--nvm=2', '--no-stop')
  t.is(started.status, 0, started.stderr)
  t.regex(started.stdout, /vm-001 start\/version \| Linux vm-001 /)
  t.regex(started.stdout, /vm-001 start\/version \| ip utility, iproute2-/)
  t.regex(started.stderr, /The cluster is left running: /)
  const hosts = await run('exec', '--all', '--', 'hostname')
  t.deepEqual(hosts.stdout.trim().split('\n').sort(), ['vm-001: vm-001', 'vm-002: vm-002'])

  const removed = await run('exec', 'vm-001', '--', 'sh', '-c', 'rm "$(command -v unshare)"')
  t.is(removed.status, 0, removed.stderr)
  const failed = await run('test', 'start', '--no-start')
  t.is(failed.status, 1, failed.stderr)
  t.regex(failed.stderr, /FAILED: start: version on vm-001: .*prerequisites: this node lacks unshare/)
})
