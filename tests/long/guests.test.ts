import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { MACHINE_TYPES } from '../../scripts/cluster/vm/architectures.ts'
import { inspectImage } from '../../scripts/cluster/vm/image/cache.ts'
import { fetchKernel } from '../../scripts/cluster/vm/image/debian-kernels.ts'
import { readPackageSources } from '../../scripts/cluster/vm/image/sources.ts'
import { DEFAULT_GUEST, nativeArchitecture } from '../../scripts/settings/guest.ts'
import { readDirectories } from '../../scripts/settings/settings.ts'
import { program } from '../vm/program.ts'

const OTHER = nativeArchitecture() === 'amd64' ? 'arm64' : 'amd64'

test.serial(`VMs of ${OTHER} pass tests by emulation, with its own CNI plugins`, async t => {
  t.timeout(60 * 60_000)
  t.notThrows(() => execFileSync(MACHINE_TYPES[OTHER].qemu, ['--version']), 'install the QEMU of that architecture')
  const { run } = program(t)
  const words = ['test', 'bridge', 'cni_bridge', 'L3_vxlan', '--arch', OTHER, '--nvm=2', '--stop']
  const { status, stderr } = await run(...words)
  t.is(status, 0, stderr)
  t.regex(stderr, /passed: 3 tests/)
  const refused = await run('test', 'cni_bridge', '--arch', OTHER, '--nvm=1', '--cni', '/usr/lib/cni')
  t.is(refused.status, 1, refused.stderr)
  t.regex(refused.stderr, new RegExp(`is for ${nativeArchitecture()}, but the VMs are ${OTHER}`))
})

/** Commands of the additional packages, each with what its output must contain. */
const ON_VMS = [
  ['iperf3 -s -1 -D && sleep 2 && iperf3 -c 127.0.0.1 -t 1', /receiver/],
  ['conntrack -I -p udp -s 192.0.2.1 -d 192.0.2.2 --sport 1 --dport 2 -t 60 && conntrack -L', /udp .*dst=192\.0\.2\.2/],
  ['ipvsadm -A -t 192.0.2.1:80 -s rr && ipvsadm -Ln', /TCP +192\.0\.2\.1:80 rr/],
  ['/usr/share/openvswitch/scripts/ovs-ctl --system-id=random start', /Starting ovs-vswitchd/],
  ['ovs-vsctl add-br br0 && ovs-vsctl show', /Bridge br0\n(.*\n)*.*type: internal/],
  ['ip -brief link show br0', /^br0 /],
] as const
const ON_NAMESPACES = [
  ON_VMS[0],
  ['conntrack --version', /conntrack v/],
  // Prints its version only where the host's kernel has IPVS.
  ['command -v ipvsadm', /ipvsadm/],
  ['ovs-vswitchd --version', /Open vSwitch/],
] as const

test.serial('additional packages run on VMs and on namespaces, offline from the cache', async t => {
  t.timeout(60 * 60_000)
  const { run, runWith } = program(t)
  const packages = ['--package', 'iperf3,conntrack,ipvsadm,openvswitch-switch']
  const prepared = await run('setup', ...packages)
  t.is(prepared.status, 0, prepared.stderr)
  for (const [kind, commands] of [
    ['embedded', ON_VMS],
    ['namespaces', ON_NAMESPACES],
  ] as const) {
    const words = ['test', 'start', '--nvm=1', '--no-stop', '--cluster', kind, ...packages]
    // Whatever would download something fails.
    const started = await runWith({ http_proxy: 'http://127.0.0.1:9', no_proxy: '' }, ...words)
    t.is(started.status, 0, started.stderr)
    for (const [command, output] of commands) {
      const { status, stdout, stderr } = await run('exec', '--cluster', kind, 'vm-001', '--', 'sh', '-c', command)
      t.is(status, 0, `${command}: ${stderr}`)
      t.regex(stdout, output, command)
    }
    const cleaned = await run('clean', '--dry-run')
    t.regex(cleaned.stderr, kind === 'embedded' ? /retained, in use: .*image-/ : /retained, in use: .*tree-/)
    t.is((await run('stop', '--cluster', kind)).status, 0)
  }
})

test.serial('all tests run on several kernels, with a column for each', async t => {
  t.timeout(60 * 60_000)
  const { run, state } = program(t)
  const words = ['test', 'all', '--kernel', '6.1,6.12', '--nvm=2', '--stop', '--results', 'results']
  const { status, stderr } = await run(...words)
  t.is(status, 0, stderr)
  t.regex(stderr, /: kernel +6\.1 \(6\.1\.\S+\) +6\.12 \(6\.12\.\S+\)\n/)
  const names = ['start', 'bridge', 'cni_bridge', 'dual_bridges', 'dual_bridges_vlan', 'ipvlan', 'L2', 'L3']
  for (const name of [...names, 'L3_overlay', 'L3_vxlan', 'macvlan', 'ptp'])
    t.regex(stderr, new RegExp(`: ${name} +passed +passed\\n`), `${name} on both kernels`)
  const results = JSON.parse(fs.readFileSync(path.join(state, 'results/results.json'), 'utf8'))
  t.is(results.kernels.rows.length, 12)
})

test.serial('a kernel file with its modules passes tests, and so does a real-time kernel', async t => {
  t.timeout(60 * 60_000)
  const { run, state } = program(t)
  const { signal } = new AbortController()
  const sources = await readPackageSources(DEFAULT_GUEST)
  const { file, modules } = await fetchKernel('6.12', path.join(state, 'kernel.d'), DEFAULT_GUEST, sources, signal)
  for (const [release, words] of [
    ['6\\.12\\.', ['--kernel', file, '--modules', modules]],
    ['6\\.12\\..*-rt-', ['--kernel', '6.12-rt']],
  ] as const) {
    const { status, stdout, stderr } = await run('test', 'bridge', 'L3_vxlan', '--nvm=2', '--stop', ...words)
    t.is(status, 0, stderr)
    t.regex(stdout, new RegExp(`made with guest kernel ${release}`))
  }
})

test.serial('a kernel that does not boot is reported with the last lines of its console', async t => {
  t.timeout(60 * 60_000)
  const { run } = program(t)
  const { cache } = readDirectories(process.env)
  const image = await inspectImage(cache, DEFAULT_GUEST, () => {})
  // Debian's kernel without its modules has no disk.
  const kernel = path.join(image?.directory ?? '', 'vmlinux')
  const { status, stderr } = await run('test', 'start', '--nvm=1', '--cold', '--kernel', kernel)
  t.is(status, 4, stderr)
  t.regex(stderr, /last lines of the console of vm-001:\n(.*\n)*.*no root disk/)
})

test.serial('tests pass on another release', async t => {
  t.timeout(60 * 60_000)
  const { status, stderr } = await program(t).run('test', 'all', '--guest', 'trixie', '--nvm=2', '--stop')
  t.is(status, 0, stderr)
})
