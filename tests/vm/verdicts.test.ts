import test from 'ava'
import { program } from './program.ts'

test("a VM's interface refuses an MTU above its network's, and a path that drops large packets is reported", async t => {
  const { run, runWith } = program(t)
  const start = await runWith({ xcluster_NPODS: '2' }, 'test', 'bridge', '--nvm=1', '--no-stop')
  t.is(start.status, 0, start.stderr)
  const refused = await run('exec', 'vm-001', '--', 'ip', 'link', 'set', 'eth1', 'mtu', '9000')
  t.not(refused.status, 0)
  t.regex(refused.stderr, /mtu greater than device maximum/)
  t.is((await run('exec', 'vm-001-ns01', '--', 'ip', 'link', 'set', 'eth0', 'mtu', '9000')).status, 0)
  t.is((await run('exec', 'vm-001', '--', 'ip', 'link', 'set', 'vm-001-ns01', 'mtu', '9000')).status, 0)
  const { status, stdout, stderr } = await run('test', 'matrix', '--no-start', '--timeout=60')
  t.is(status, 1, stderr)
  t.true(stdout.includes(' | FAILED: vm-001-ns01 → vm-001-ns02 172.16.1.2 loses full-sized packets (MTU?)'), stdout)
})
