import test from 'ava'
import { program } from './program.ts'

test("routers route between nets and are the others' default routes; interfaces are numbered in order", async t => {
  const { run, runWith } = program(t)
  const { status, stderr } = await runWith(
    { TOPOLOGY: 'multilan-router', __nvm: '1', __ntesters: '1' },
    'test',
    'start',
    '--no-stop',
  )
  t.is(status, 0, stderr)
  const inVm = async (vm: string, ...command: string[]) => (await run('exec', vm, '--', ...command)).stdout
  t.regex(await inVm('vm-001', 'ip', '-br', 'address', 'show', 'eth1'), / 192\.168\.1\.1\/24 /)
  t.regex(
    await inVm('vm-001', 'ip', '-br', 'address', 'show', 'eth4'),
    /^eth4(@\S+)? +DOWN *$/m,
    'the other nets are left alone',
  )
  t.regex(await inVm('vm-202', 'ip', '-br', 'address', 'show', 'eth5'), /^eth5(@\S+)? +DOWN *$/m)
  t.regex(await inVm('vm-221', 'cat', '/sys/class/net/eth1/address'), /^00:00:00:01:02:dd$/m)
  const routes = await inVm('vm-001', 'ip', 'route', 'show', 'default')
  t.regex(routes, /nexthop via 192\.168\.1\.201 [\s\S]*nexthop via 192\.168\.1\.202 /)
  const ping = ['ping', '-c', '1', '-w', '10']
  t.is((await run('exec', 'vm-001', '--', ...ping, '192.168.2.221')).status, 0)
  t.is((await run('exec', 'vm-221', '--', ...ping, '1000::1:192.168.1.1')).status, 0)
  for (const router of ['vm-201', 'vm-202']) await run('exec', router, '--', 'sysctl', '-w', 'net.ipv4.ip_forward=0')
  t.not((await run('exec', 'vm-001', '--', 'ping', '-c', '1', '-w', '2', '192.168.2.221')).status, 0)
})
