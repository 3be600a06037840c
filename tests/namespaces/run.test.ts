import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { processesIn } from '../vm/program.ts'
import { clusterIn, program, writeOvl } from './program.ts'

test('bridge passes with the proof of all pairs, and its cluster is stopped', async t => {
  const { state, run } = program(t)
  const { status, stdout, stderr } = await run('test', 'bridge')
  t.is(status, 0, stderr)
  t.regex(stderr, /cluster: namespaces: 4 nodes/)
  t.regex(stderr, /matrix: 96 of 96 pairs answer; 384 of 384 forbidden pairs blocked; loss 0 %/)
  t.regex(stdout, /vm-004 bridge\/bridge_ping \| vm-004-ns04 1000::1:ac10:404 answers/)
  t.deepEqual(processesIn(state), [])
  t.deepEqual(fs.readdirSync(path.join(state, 'xcluster-netns/clusters')), [])
})

test('nodes have the same names, addresses, hosts, environment, ovls and start scripts as VMs', async t => {
  const { state, run, runWith } = program(t)
  writeOvl(state, 'greeting', {
    'etc/init.d/30greeting.rc': '#!/bin/sh\necho "$GREETING of $(hostname)" >/run/greeting\necho said >/dev/console\n',
    'etc/greeting': 'of the ovl\n',
  })
  const started = await runWith({ xcluster_GREETING: "hello 'there'" }, 'test', 'start', './greeting', '--nvm=2')
  t.is(started.status, 0, started.stderr)
  const inNode = async (script: string) => {
    const { status, stdout, stderr } = await run('exec', 'vm-002', '--', 'sh', '-c', script)
    t.is(status, 0, stderr)
    return stdout.trim()
  }
  t.is(await inNode('cat /etc/hostname; hostname'), 'vm-002\nvm-002')
  t.is(await inNode('cat /run/greeting /etc/greeting'), "hello 'there' of vm-002\nof the ovl")
  t.is(await inNode('. /etc/profile; echo $__nvm $GREETING'), "2 hello 'there'")
  t.is(await inNode('cat /sys/class/net/eth1/address'), '00:00:00:01:01:02')
  t.regex(await inNode('ip -brief address show eth1'), /192\.168\.1\.2\/24 1000::1:c0a8:102\/120/)
  t.is(await inNode('ping -c 1 -W 5 vm-001 >/dev/null && ping -c 1 -W 5 ip6-vm-001 >/dev/null && echo both'), 'both')
  t.is(await inNode('cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/all/rp_filter'), '0\n0')
  t.is(await inNode('ip netns add red && ip netns exec red ls /sys/class/net && ip netns delete red'), 'lo')
  // Net 0 leads to no other node.
  t.is(await inNode('ping -c 1 -W 1 192.168.0.1 >/dev/null; echo $?'), '1')
  t.regex(fs.readFileSync(path.join(clusterIn(state), 'vm-002.console'), 'utf8'), /boot: .*greeting\.rc\nsaid\n/)
})

test('status, exec, capture, cp, test --no-start and stop work on a running cluster', async t => {
  const { state, run, start } = program(t)
  const started = await run('test', 'bridge', '--nvm=2', '--no-stop')
  t.is(started.status, 0, started.stderr)
  const [cluster] = JSON.parse((await run('status', '--json')).stdout)
  t.is(cluster.kind, 'namespaces')
  t.is(cluster.condition, 'kept')
  t.deepEqual(
    cluster.nodes.map(({ name, running }: { name: string; running: boolean }) => [name, running]),
    [
      ['vm-001', true],
      ['vm-002', true],
    ],
  )
  const again = await run('test', 'matrix', '--no-start', '--reach', 'bridge')
  t.is(again.status, 0, again.stderr)
  t.regex(again.stderr, /matrix: 48 of 48 pairs answer; 64 of 64 forbidden pairs blocked/)
  const inPod = await run('exec', 'vm-002-ns03', '--', 'ip', '-4', '-brief', 'address', 'show', 'eth0')
  t.regex(inPod.stdout, /172\.16\.2\.3\/24/, inPod.stderr)
  const onAll = await run(
    'exec',
    '--all',
    '--',
    'sh',
    '-c',
    'hostname; echo complaint >&2; [ "$(hostname)" = vm-001 ] || exit 3',
  )
  t.is(onAll.status, 3, onAll.stderr)
  t.deepEqual(onAll.stdout.trim().split('\n').sort(), ['vm-001: vm-001', 'vm-002: vm-002'])
  t.deepEqual(onAll.stderr.trim().split('\n').sort(), ['vm-001: complaint', 'vm-002: complaint'])
  const inPods = await run('exec', '*-ns0[1]', '--', 'true')
  t.is(inPods.status, 2)
  t.regex(inPods.stderr, /'\*-ns0\[1\]' is not a node or POD of the cluster \(nodes are vm-001 vm-002;|VMs are/)
  const inFirst = await run('exec', '*-ns01', '--', 'sh', '-c', 'hostname; [ "$(hostname)" = vm-001-ns01 ] || exit 9')
  t.is(inFirst.status, 9)
  t.deepEqual(inFirst.stdout.trim().split('\n').sort(), ['vm-001-ns01: vm-001-ns01', 'vm-002-ns01: vm-002-ns01'])
  const onNodes = await run('exec', 'vm-*', 'hostname')
  t.deepEqual(onNodes.stdout.trim().split('\n').sort(), ['vm-001: vm-001', 'vm-002: vm-002'])
  t.regex((await run('exec', '*-ns01')).stderr, /a command is required for several nodes or PODs/)
  const copied = await run('cp', 'vm-001:/etc/hostname', path.join(state, 'copy'))
  t.is(copied.status, 0, copied.stderr)
  t.is(fs.readFileSync(path.join(state, 'copy'), 'utf8'), 'vm-001\n')
  const inspected = await run('inspect', '--json')
  t.is(inspected.status, 0, inspected.stderr)
  const capture = path.join(state, 'capture.pcap')
  const capturing = start(['capture', 'vm-001-ns01', '--count', '1', '--write', capture, 'icmp'])
  const pinging = start(['exec', 'vm-001-ns02', '--', 'ping', '-i', '0.2', '172.16.1.1'])
  const captured = await capturing.ended
  t.is(captured.status, 0, captured.stderr)
  t.true(fs.statSync(capture).size > 24 + 16, 'a packet behind the head of the file')
  const onNode = await run('capture', 'vm-001', '--count', '1', '--write', capture, 'icmp6 or arp or icmp')
  t.is(onNode.status, 0, onNode.stderr)
  pinging.kill()
  const stopped = await run('stop')
  t.is(stopped.status, 0, stopped.stderr)
  t.deepEqual(processesIn(state), [])
})

test('routers route between nets, and other nodes do not forward', async t => {
  const { run } = program(t)
  const started = await run('test', 'start', '--nvm=1', '--nrouters=1', '--ntesters=1')
  t.is(started.status, 0, started.stderr)
  const reached = await run('exec', 'vm-221', '--', 'ping', '-c', '1', '-W', '5', '192.168.1.1')
  t.is(reached.status, 0, reached.stdout)
  const six = await run('exec', 'vm-221', '--', 'ping', '-c', '1', '-W', '5', '1000::1:192.168.1.1')
  t.is(six.status, 0, six.stdout)
  const cut = await run('exec', 'vm-201', '--', 'sh', '-c', 'echo 0 >/proc/sys/net/ipv4/ip_forward')
  t.is(cut.status, 0, cut.stderr)
  t.is((await run('exec', 'vm-221', '--', 'ping', '-c', '1', '-W', '1', '192.168.1.1')).status, 1)
})

test('refuses options of VMs before anything starts', async t => {
  const { state, run } = program(t)
  const { status, stderr } = await run('test', 'bridge', '--mem=512')
  t.is(status, 2)
  t.regex(stderr, /--mem: nodes that are namespaces have this host's kernel, CPUs and memory/)
  t.false(fs.existsSync(clusterIn(state)))
})
