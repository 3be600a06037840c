import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { MACHINE_TYPES } from '../../scripts/cluster/vm/architectures.ts'
import { inspectImage } from '../../scripts/cluster/vm/image/cache.ts'
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

test.serial('additional packages run on VMs and on namespaces, and offline from the cache', async t => {
  t.timeout(60 * 60_000)
  const { run, runWith } = program(t)
  const packages = ['--package', 'iperf3,conntrack,ipvsadm,openvswitch-switch']
  for (const kind of ['embedded', 'namespaces']) {
    const words = ['test', 'start', '--nvm=1', '--no-stop', '--cluster', kind, ...packages]
    // Whatever would download something fails.
    const offline = kind === 'namespaces' ? { http_proxy: 'http://127.0.0.1:9' } : {}
    const started = await runWith(offline, ...words)
    t.is(started.status, 0, started.stderr)
    for (const command of ['iperf3', 'conntrack', 'ipvsadm', 'ovs-vswitchd', 'ovs-vsctl']) {
      const { status, stderr } = await run('exec', '--cluster', kind, 'vm-001', '--', command, '--version')
      t.is(status, 0, `${command}: ${stderr}`)
    }
    t.is((await run('stop', '--cluster', kind)).status, 0)
  }
})

test.serial('tests run on several kernels, with a column for each', async t => {
  t.timeout(60 * 60_000)
  const { run, state } = program(t)
  const words = ['test', 'bridge', 'L3', '--kernel', '6.1,6.12', '--nvm=2', '--stop', '--results', 'results']
  const { status, stderr } = await run(...words)
  t.is(status, 0, stderr)
  t.regex(
    stderr,
    /: kernel +6\.1 \(6\.1\.\S+\) +6\.12 \(6\.12\.\S+\)\n.*: bridge +passed +passed\n.*: L3 +passed +passed\n/,
  )
  const results = JSON.parse(fs.readFileSync(path.join(state, 'results/results.json'), 'utf8'))
  t.is(results.kernels.rows.length, 2)
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
