import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { program } from '../../../tests/namespaces/program.ts'

const failuresIn = (log: string) => [...new Set([...log.matchAll(/ \| FAILED: (.*)/g)].map(([, text]) => text))].sort()

test('cni_bridge passes with four nodes, and the CNI results are collected', async t => {
  const { run, state } = program(t)
  const { status, stdout, stderr } = await run('test', 'cni_bridge', '--name=only', '--results', 'results', '--no-stop')
  t.is(status, 0, stderr)
  for (const vm of ['vm-001', 'vm-004']) {
    const result = JSON.parse(fs.readFileSync(path.join(state, `results/cni_bridge/${vm}/cni/${vm}-ns02.json`), 'utf8'))
    for (const { address } of result.ips)
      t.true(stdout.includes(`${vm}-ns02 ${address.split('/')[0]} answers`), address)
    t.is(result.ips.length, 2)
  }
  const again = await run('test', 'cni_bridge', '--no-start')
  t.is(again.status, 0, again.stderr)
  const taken = 'netns_test delete; ls /var/lib/cni/networks/xnet; ip -br link show master cni0'
  const left = await run('exec', 'vm-001', '--', 'sh', '-c', taken)
  t.deepEqual([left.status, left.stdout.replace(/^(last_reserved_ip\.\d|lock)\n/gm, '')], [0, ''], left.stderr)
})

test('reports a failing plugin with its message and the POD', async t => {
  const { run, state } = program(t)
  // An ovl whose plugin replaces the real one.
  const ovl = path.join(state, 'broken-cni')
  fs.mkdirSync(path.join(ovl, 'opt/cni/bin'), { recursive: true })
  const plugin = `#!/bin/sh
case $CNI_COMMAND in
VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}' ;;
*) echo '{"code":11,"msg":"no room left for '"$CNI_CONTAINERID"'"}'; exit 1 ;;
esac
`
  fs.writeFileSync(path.join(ovl, 'opt/cni/bin/bridge'), plugin, { mode: 0o755 })
  fs.writeFileSync(path.join(ovl, 'tar'), '#!/bin/sh\nexec tar cf "$1" -C "$(dirname "$0")" opt\n', { mode: 0o755 })
  const { status, stderr } = await run('test', 'cni_bridge', '--nvm=1', './broken-cni')
  t.is(status, 1, stderr)
  t.regex(stderr, /FAILED: CNI ADD for vm-001-ns03: .*no room left for vm-001-ns03/)
  t.regex(stderr, /FAILED: cni_bridge: cni_bridge_start on vm-001: /)
})

test('with the real plugins, an ADD succeeds after one that failed halfway', async t => {
  const { run } = program(t)
  t.is((await run('test', 'start', '--nvm=1', '--no-stop')).status, 0)
  const plugin = `#!/bin/sh
/opt/cni/bin/real || exit
case $CNI_COMMAND$CNI_CONTAINERID in ADD*-ns02) echo '{"code":11,"msg":"made, and failed"}'; exit 1 ;; esac
`
  const inVm = (command: string, ...words: string[]) =>
    run('exec', 'vm-001', '--', 'sh', '-c', `cd /opt/cni/bin && ${command}`, 'sh', ...words)
  const replaced = 'mv bridge real && printf %s "$1" >bridge && chmod +x bridge && netns_test cni_bridge_configure'
  const configured = await inVm(replaced, plugin)
  t.is(configured.status, 0, configured.stderr)
  const failed = await inVm('netns_test tcase_cni_bridge_start')
  t.is(failed.status, 1, failed.stderr)
  t.regex(failed.stderr, /CNI ADD for vm-001-ns02: exit 1: .*made, and failed/)
  t.notRegex(failed.stderr, /DEL/)
  const left = await run('exec', 'vm-001-ns02', '--', 'ip', '-br', 'link')
  t.regex(left.stdout, /^lo .*\n$/)
  const again = await inVm('mv real bridge && netns_test tcase_cni_bridge_start && netns_test tcase_cni_bridge_ping')
  t.is(again.status, 0, again.stderr)
  t.is(again.stdout.match(/ answers$/gm)?.length, 8)
})

test('detaches PODs after failed and interrupted ADDs, and attaches them again, on a node without Perl', async t => {
  const { run } = program(t)
  t.is((await run('test', 'start', '--nvm=1', '--no-stop')).status, 0)
  const plugin = `#!/bin/sh
echo "$CNI_COMMAND $CNI_CONTAINERID" >>/run/calls
answer=$(/opt/cni/bin/real) || exit
[ -e /run/good ] || case $CNI_COMMAND$CNI_CONTAINERID in ADD*-ns02) echo '{"code":11,"msg":"made, and failed"}'; exit 1 ;; esac
echo "$answer"
`
  const inVm = async (command: string, ...words: string[]) => {
    const { status, stdout, stderr } = await run('exec', 'vm-001', '--', 'sh', '-c', command, 'sh', ...words)
    t.is(status, 0, stderr)
    return stdout
  }
  const calls = async () => (await inVm('cat /run/calls; : >/run/calls')).trim().split('\n').sort()
  const replaced = 'cd /opt/cni/bin && mv bridge real && printf %s "$1" >bridge && chmod +x bridge'
  await inVm(`rm -f /usr/bin/perl /bin/perl; ${replaced}`, plugin)

  const failed = await run('test', 'cni_bridge', '--no-start')
  t.is(failed.status, 1, failed.stderr)
  t.regex(
    failed.stderr,
    /cni_bridge_start on vm-001: CNI ADD for vm-001-ns02: the plugin bridge failed with code 11: made, and failed/,
  )
  const adds = [1, 2, 3, 4].map(n => `ADD vm-001-ns0${n}`)
  t.deepEqual(await calls(), [...adds, 'DEL vm-001-ns02', 'VERSION '])
  const files = (await inVm('ls -A /tmp')).split('\n').filter(name => /ns0/.test(name))
  t.deepEqual(files, [
    '.vm-001-ns01.cni',
    '.vm-001-ns03.cni',
    '.vm-001-ns04.cni',
    ...[1, 3, 4].map(n => `vm-001-ns0${n}.json`),
  ])

  // As if the program had been killed during an ADD.
  await inVm('touch /run/good /tmp/vm-001-ns03.error')
  const passed = await run('test', 'cni_bridge', '--no-start')
  t.is(passed.status, 0, passed.stderr)
  t.deepEqual(await calls(), ['ADD vm-001-ns02', 'ADD vm-001-ns03', 'DEL vm-001-ns03', 'VERSION '])
  t.is(await inVm('ls /tmp/*.error 2>/dev/null || :'), '')
})

test('refuses the test without plugins before a node starts', async t => {
  const { run } = program(t)
  const { status, stderr } = await run('test', 'cni_bridge', '--cni', '/nonexistent.tgz')
  t.is(status, 2)
  t.regex(stderr, /\/nonexistent\.tgz/)
  t.notRegex(stderr, /nodes up|cluster:/)
})

test('nodes with the same CNI configuration pass within each node, and fail exactly between nodes', async t => {
  const { run, runWith } = program(t)
  const start = await runWith({ xcluster_NPODS: '2' }, 'test', 'cni_bridge', '--nvm=2', '--no-stop')
  t.is(start.status, 0, start.stderr)
  const inVms = async (command: string) => {
    for (const vm of ['vm-001', 'vm-002']) {
      const { status, stderr } = await run('exec', vm, '--', 'sh', '-c', command)
      t.is(status, 0, `${vm}: ${command}: ${stderr}`)
    }
  }
  const change = `sed -i 's|"subnet": "172[^"]*"|"subnet": "10.9.0.0/24"|; s|"subnet": "[0-9a-f:]*/120"|"subnet": "fd09::/120"|' /etc/cni/10-bridge.conf`
  await inVms(`netns_test delete && ip link delete cni0 && ${change} && netns_test cni_bridge_start`)
  const prove = () => run('test', 'matrix', '--no-start', '--reach', 'cni_bridge', '--timeout=60')
  const apart = await prove()
  t.is(apart.status, 0, apart.stderr)
  t.regex(apart.stderr, /matrix: 8 of 8 pairs answer; 8 of 8 forbidden pairs blocked;/)
  t.regex(apart.stderr, /matrix: 4 PODs in 2 nodes, all with IPv4 and IPv6 addresses/)
  await inVms('ip link set eth1 up master cni0')
  const joined = await prove()
  t.is(joined.status, 1, joined.stderr)
  t.regex(joined.stderr, /matrix: 8 of 8 pairs answer; 0 of 8 forbidden pairs blocked;/)
  const across = failuresIn(joined.stdout)
  t.is(across.length, 8)
  for (const text of across) t.regex(text ?? '', /^vm-00[12]-ns0\d → .* answers, but must not$/)
})
