import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import process from 'node:process'
import test from 'ava'
import { resolveCluster } from '../../../scripts/cluster/choose.ts'
import { openQmp } from '../../../scripts/cluster/vm/qmp.ts'
import { compareLedgers } from '../../../scripts/cni/ledger/compare.ts'
import { takeLedger } from '../../../scripts/cni/ledger/take.ts'
import type { Network } from '../../../scripts/cni/network.ts'
import { CNI_PATH, listPrograms } from '../../../scripts/cni/runtime/programs.ts'
import { Runtime } from '../../../scripts/cni/runtime/runtime.ts'
import { searchPath } from '../../../scripts/host/requirements.ts'
import type { Node } from '../../../scripts/ssh/node.ts'
import { shell } from '../../cni/cluster.ts'
import { shellOf } from '../../cni/shell.ts'
import { tool } from '../../needs.ts'
import { program } from '../../vm/program.ts'

/** Below the limit on files of QEMU, which is for consoles. */
const DISK_MIB = 6
const SERIAL = 'state'
const QEMU = 'qemu-system-x86_64'
const NETWORK: Network = {
  cniVersion: '1.0.0',
  name: 'net',
  plugins: [
    { type: 'bridge', isGateway: true, ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/24' }]] } },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
}
const MOUNT = `
  for disk in /sys/block/vd*; do [ "$(cat "$disk/serial")" != ${SERIAL} ] || device=/dev/\${disk##*/}; done
  mkdir -p /var/lib/cni && mount -t ext4 "$device" /var/lib/cni`
const RESERVED = 'cd /var/lib/cni/networks/net && grep -l "$1" 10.* || :'

const onAmd64 = process.arch === 'x64' ? test : test.skip

onAmd64('DEL frees what an ADD before a power cut of a VM left on its disk, and nothing else is left', async t => {
  t.timeout(10 * 60_000)
  const { state, runWith } = program(t)
  const [disk, monitor] = [path.join(state, 'state.img'), path.join(state, 'monitor')]
  fs.writeFileSync(disk, '')
  fs.truncateSync(disk, DISK_MIB * 2 ** 20)
  execFileSync(tool('mke2fs'), ['-q', '-t', 'ext4', '-J', 'size=1', disk], {
    env: { PATH: searchPath(process.env).join(':') },
  })
  // VMs have no disk to write to. This one has, and a monitor to cut its power.
  const wrapper = `#!/bin/sh
case " $* " in *' -name vm-001 '*) set -- "$@" -drive if=none,id=state,format=raw,file=${disk} \\
  -device virtio-blk-pci,drive=state,serial=${SERIAL} -qmp unix:${monitor},server=on,wait=off ;; esac
exec ${execFileSync('sh', ['-c', `command -v ${QEMU}`], { encoding: 'utf8' }).trim()} "$@"
`
  const bin = path.join(state, 'bin')
  fs.mkdirSync(bin)
  fs.writeFileSync(path.join(bin, QEMU), wrapper, { mode: 0o755 })
  const environment = { PATH: `${bin}:${process.env.PATH}` }

  const start = async () => {
    const started = await runWith(environment, 'test', 'start', '--nvm=1', '--cold', '--no-stop')
    t.is(started.status, 0, started.stderr)
    const own = { ...process.env, XDG_STATE_HOME: state }
    const signal = new AbortController().signal
    const cluster = await resolveCluster({ options: {}, environment: own, test: {}, onLine: () => {}, signal })
    const [node] = await cluster.logInOnAll(signal)
    await shell(node as Node, MOUNT)
    return node as Node
  }
  const runtimeOn = async (node: Node) =>
    new Runtime(NETWORK, shellOf(node), await listPrograms(shellOf(node), CNI_PATH))
  const attachmentOf = async (node: Node, containerId: string, hostPort: number) => {
    await shell(node, `ip netns add ${containerId}`)
    const portMappings = [{ hostPort, containerPort: 80, protocol: 'tcp' }]
    return { containerId, netns: `/run/netns/${containerId}`, ifname: 'eth0', capabilityArgs: { portMappings } }
  }
  const reserved = async (node: Node, id: string) =>
    (await shell(node, RESERVED.replace('$1', id))).split('\n').filter(Boolean)

  const first = await start()
  const attachment = await attachmentOf(first, 'lost', 8080)
  const [added] = await (await runtimeOn(first)).add([attachment])
  t.truthy(added?.result, added?.failure?.why)
  const [address] = await reserved(first, 'lost')
  t.regex(address ?? '', /^10\.88\.0\.\d+$/)
  const boot = await shell(first, 'sync; cat /proc/sys/kernel/random/boot_id')
  first.connection.close()

  const socket = net.connect(monitor)
  await once(socket, 'connect')
  const qmp = openQmp(socket)
  const ended = new Promise(resolve => socket.once('close', resolve))
  // QEMU may end before it has answered.
  qmp.execute('quit').catch(() => {})
  await ended
  const stopped = await runWith(environment, 'stop')
  t.is(stopped.status, 0, stopped.stderr)

  const second = await start()
  t.teardown(() => second.connection.close())
  t.not(await shell(second, 'cat /proc/sys/kernel/random/boot_id'), boot)
  t.deepEqual(await reserved(second, 'lost'), [address ?? ''], 'the state on the disk survived')
  const runtime = await runtimeOn(second)
  // It also creates what the first container creates for all, such as tables of iptables.
  const other = await attachmentOf(second, 'other', 8081)
  const [again] = await runtime.add([other])
  t.truthy(again?.result, again?.failure?.why)
  t.notDeepEqual(await reserved(second, 'other'), [address], 'the address is still reserved')
  t.is((await runtime.del([other]))[0]?.failure, undefined)
  const before = await takeLedger(shellOf(second), ['other'])
  for (const plugin of [...NETWORK.plugins].reverse()) {
    const { answer } = await runtime.call('DEL', plugin, attachment, added?.result)
    t.true(answer.ok, answer.ok ? '' : answer.why)
  }
  const changes = compareLedgers(before, await takeLedger(shellOf(second), ['other']), 'DEL')
  t.deepEqual(
    changes
      .filter(({ name }) => !/\/(lock|last_reserved_ip\.0)$/.test(name))
      .map(({ kind, name, change }) => [kind, name, change]),
    [['file', `/var/lib/cni/networks/net/${address}`, 'missing']],
  )
})
