import test from 'ava'
import { program } from '../../../tests/namespaces/program.ts'
import { provesSides } from '../../../tests/namespaces/sides.ts'

test.serial('dual_bridges passes, and its matrix reports exactly the pairs that are joined or cut', async t => {
  await provesSides(t, program(t), 'dual_bridges', ['vm-202-eth3', 'vm-202-eth4'])
})

test.serial('reports a silent external network with bridge, POD and address', async t => {
  const { run } = program(t)
  const started = await run('test', 'dual_bridges', '--no-stop')
  t.is(started.status, 0, started.stderr)
  const silence = ['sysctl', '-w', 'net.ipv4.icmp_echo_ignore_all=1']
  t.is((await run('exec', 'vm-202-eth4', '--', ...silence)).status, 0)
  const failed = await run('test', 'dual_bridges', '--no-start')
  t.is(failed.status, 1)
  t.regex(
    failed.stderr,
    /FAILED: dual_bridges: xbridge_ping on vm-001: .*from br3-vm-001-ns0\d, address 172\.16\.0\.100/,
  )
  t.notRegex(failed.stderr, /br2-vm-001-ns/)
})
