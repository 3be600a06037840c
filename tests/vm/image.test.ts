import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { hostsText } from '../../scripts/cluster/own/addresses.ts'
import { consoleTail } from '../../scripts/cluster/own/consoles.ts'
import { type CommonIdentity, identityMessage } from '../../scripts/cluster/own/identity.ts'
import { makeKeys } from '../../scripts/cluster/own/keys.ts'
import { probe } from '../../scripts/cluster/vm/accelerator/probe.ts'
import { ensureImage, type GuestImage } from '../../scripts/cluster/vm/image/cache.ts'
import { type Machine, planOf, startMachine } from '../../scripts/cluster/vm/machine.ts'
import { DEFAULT_GUEST } from '../../scripts/settings/guest.ts'
import type { NodePlan } from '../../scripts/settings/nodes.ts'
import { readDirectories } from '../../scripts/settings/settings.ts'
import { Connection } from '../../scripts/ssh/connection.ts'
import { capture, type Node } from '../../scripts/ssh/node.ts'
import { tool } from '../needs.ts'

const { cache } = readDirectories(process.env)
const image = (t: ExecutionContext, release = 'bookworm') =>
  ensureImage({ cacheDirectory: cache, onProgress: line => t.log(line), guest: { ...DEFAULT_GUEST, release } })

const plan: NodePlan = { number: 202, name: 'vm-202', role: 'router', memoryMiB: 256, cpus: 1, nets: [0] }

/** Boots a VM of the image without a cluster. It is stopped after the test. */
function boot(t: ExecutionContext, { root, ...parts }: GuestImage, ovls: readonly string[] = []) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-image-'))
  const machine = startMachine(planOf(plan), directory, { ...parts, disks: [root, ...ovls], accelerator: 'tcg' })
  t.teardown(async () => {
    const pid = Number(fs.readFileSync(path.join(directory, `${plan.name}.pid`), 'utf8').split(' ')[0])
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // already exited
    }
    await machine.ended
    machine.release()
    fs.rmSync(directory, { recursive: true })
  })
  return { machine, directory }
}

async function comeUp(machine: Machine, identity: CommonIdentity): Promise<Node> {
  await machine.control.reached('ready')
  machine.control.send(identityMessage(plan, identity, false))
  await machine.control.reached('up')
  const login = { name: plan.name, host: '127.0.0.1', port: await machine.sshPort(), user: 'root' }
  const { clientPrivateKey: privateKey, hostPublicKey: hostKey } = identity.keys
  return { ...plan, connection: await Connection.open({ ...login, privateKey, hostKey }) }
}

const identityOf = (ovls: number): CommonIdentity => ({
  keys: makeKeys(),
  environment: { WORDS: `it's "two" $words` },
  prefix: 'fd00:',
  ovls,
  rndAddresses: '3\n1\n2\n',
  nodes: [plan],
  hosts: hostsText([plan], 'fd00:'),
  bareNets: [],
  alsoForwarding: [],
})

/** An ovl's disk with files in `/bin`, `/etc` and `/tmp`, and a start script. */
function makeOvl(t: ExecutionContext, says: string): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-ovl-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  const tree = path.join(directory, 'tree')
  for (const name of ['bin', 'etc/init.d', 'tmp', 'var/run']) fs.mkdirSync(path.join(tree, name), { recursive: true })
  fs.writeFileSync(path.join(tree, 'bin/hello'), `#!/bin/sh\necho ${says}\n`, { mode: 0o755 })
  fs.writeFileSync(path.join(tree, 'etc/profile'), `BROUGHT_BY=${says}\n`)
  fs.writeFileSync(path.join(tree, `tmp/${says}`), '', { mode: 0o640 })
  const script = '#!/bin/sh\necho "$WORDS" >/tmp/started\nexit 7\n'
  fs.writeFileSync(path.join(tree, 'etc/init.d/30hello.rc'), script, { mode: 0o755 })
  const disk = path.join(directory, 'ovl.squashfs')
  execFileSync(tool('mksquashfs'), [tree, disk, '-all-root', '-quiet', '-no-progress', '-noI', '-noD', '-noF', '-noX'])
  return disk
}

for (const release of ['bookworm', 'trixie']) {
  test.serial(`a VM of ${release} gets its identity, its ovls and a login with a key`, async t => {
    const ovls = [makeOvl(t, 'first'), makeOvl(t, 'second')]
    const { machine, directory } = boot(t, await image(t, release), ovls)
    const node = await comeUp(machine, identityOf(2))
    t.teardown(() => node.connection.close())
    const answer = async (command: string) => {
      const { exitCode, stdout } = await capture(node, ['sh', '-c', command])
      t.is(exitCode, 0, command)
      return stdout.toString().trim()
    }
    t.is(await answer('hostname'), 'vm-202')
    t.is(await answer('hello'), 'second', 'the later ovl wins')
    t.is(await answer('cat /tmp/started'), `it's "two" $words`, 'start scripts have the environment')
    t.true(consoleTail(directory, plan.name, 10).includes('boot: /etc/init.d/30hello.rc failed with 7'))
    t.is(await answer(`. /etc/profile && echo "$BROUGHT_BY $WORDS"`), `second it's "two" $words`)
    t.is(await answer('stat -c "%a %n" /tmp/first /tmp/second'), '640 /tmp/first\n640 /tmp/second')
    t.is(await answer('cd /sys/kernel/debug/sched 2>/dev/null || echo none'), 'none', 'nothing of debugfs is left')
    const turns = '/sys/kernel/debug/sched/min_granularity_ns /sys/kernel/debug/sched/base_slice_ns'
    t.is(await answer(`mount -t debugfs debugfs /sys/kernel/debug; cat ${turns} 2>/dev/null || true`), '10000000')
    t.is(await answer('echo $PATH'), '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin')
    const addresses = await answer('ip -o address show dev eth0')
    t.regex(addresses, /inet 192\.168\.0\.202\/24/)
    t.regex(addresses, /inet6 fd00::c0a8:ca\/120 scope global/)
    t.notRegex(addresses, /tentative/)
    t.is(await answer('cat /sys/class/net/eth0/address'), '00:00:00:01:00:ca')
    t.is(await answer('sysctl -n net.ipv4.ip_forward'), '1', 'it is a router')
    t.is(await answer('readlink -f /var/run'), '/run')
    t.is(await answer('ip netns add a && ip netns list'), 'a')
    t.is(
      await answer(
        'stat -c %a /tmp /root /root/.ssh /root/.ssh/authorized_keys /etc/dropbear/dropbear_ed25519_host_key',
      ),
      '1777\n700\n700\n600\n600',
    )
    for (const kind of ['dummy', 'bond', 'vrf table 1', 'vxlan id 1 dstport 4789', 'ip6tnl external']) {
      await answer(`ip link add x type ${kind} && ip link del x`)
    }
    for (const kind of ['ipvlan', 'macvlan', 'vlan id 100']) {
      await answer(`ip link add x link eth0 type ${kind} && ip link del x`)
    }
    await answer('tracepath -V && socat -V && curl --version && command -v udhcpc6 && test -d /var/log')
    t.is(await answer('. /usr/lib/xctest; mynode'), '202')
    t.regex(await answer('cat /etc/hosts'), /^192\.168\.0\.202 vm-202$/m)
    await answer('nft add table inet t && iptables -L && tcpdump --version && jq --version && fping --version')
    const pid = await answer('pgrep -o -x accept.pl')
    await answer(`kill ${pid}; timeout 20 sh -c 'until [ -s /run/dropbear.pid ]; do usleep 10000; done'`)
    t.not(await answer('cat /run/dropbear.pid'), pid, 'it was started again')
  })
}

test.serial('refuses a VM with an unknown host key', async t => {
  const { machine } = boot(t, await image(t))
  const identity = identityOf(0)
  const { hostPrivateKey } = makeKeys()
  await machine.control.reached('ready')
  machine.control.send(identityMessage(plan, { ...identity, keys: { ...identity.keys, hostPrivateKey } }, false))
  await machine.control.reached('up')
  const login = { name: plan.name, host: '127.0.0.1', port: await machine.sshPort(), user: 'root' }
  const { clientPrivateKey: privateKey, hostPublicKey: hostKey } = identity.keys
  await t.throwsAsync(Connection.open({ ...login, privateKey, hostKey }), { code: 'HOST_KEY_MISMATCH' })
})

test.serial('a VM with a missing ovl reports it and exits', async t => {
  const { machine } = boot(t, await image(t))
  await machine.control.reached('ready')
  machine.control.send(identityMessage(plan, identityOf(1), false))
  await t.throwsAsync(machine.control.reached('up'), { message: 'no disk ovl-00' })
  t.is(await machine.ended, 'exited with 0')
})

test.serial('the probe detects a guest that boots, and one that does not', async t => {
  const good = await image(t)
  t.is(await probe(good, 'tcg', 60_000), undefined)
  t.regex((await probe({ ...good, root: '/dev/null' }, 'tcg', 60_000)) ?? '', /\S/)
})
