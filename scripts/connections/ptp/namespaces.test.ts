import test from 'ava'
import { program } from '../../../tests/namespaces/program.ts'

test('ptp passes on two nodes without a bridge, fails without a route, and detaches PODs', async t => {
  const { run } = program(t)
  const passed = await run('test', 'ptp', '--nvm=2', '--no-stop')
  t.is(passed.status, 0, passed.stderr)
  t.regex(passed.stderr, /48 of 48 pairs answer; 64 of 64 forbidden pairs blocked/)
  const inVm = (script: string) => run('exec', 'vm-001', '--', 'sh', '-c', script)
  t.is((await inVm('ip -br link show type bridge')).stdout, '')

  // cni_bridge must not pass with PODs attached by ptp.
  const other = await run('test', 'cni_bridge', '--no-start')
  t.is(other.status, 1)
  t.regex(other.stderr, /vm-001-ns01 is attached by the CNI plugin ptp/)

  const address = await run('exec', 'vm-001-ns02', '--', 'ip', '-4', '-br', 'address', 'show', 'dev', 'eth0')
  const [, ip = ''] = / (172\.16\.1\.\d+)\//.exec(address.stdout) ?? []
  t.is((await inVm(`ip route delete ${ip}`)).status, 0)
  const failed = await run('test', 'ptp', '--no-start')
  t.is(failed.status, 1)
  t.regex(failed.stderr, new RegExp(`FAILED: ptp: cni_ptp_ping on vm-001: .*vm-001-ns02, address ${ip}`))

  const detached = await inVm(
    'netns_test delete; ls /tmp/*.json /tmp/.*.cni; ip -br link show type veth | awk "!/^eth[01]@/"',
  )
  t.deepEqual([detached.status, detached.stdout], [0, ''], detached.stderr)
})
