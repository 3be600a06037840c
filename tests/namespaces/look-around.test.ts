import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import test, { type ExecutionContext } from 'ava'
import { tool } from '../needs.ts'
import { conforms } from '../schema.ts'
import { type Program, processesIn, program } from './program.ts'

/** Two VMs, two PODs in each, on bridges. */
const START = ['test', 'bridge', '--nvm=2', '--no-stop']
const NETNS = path.resolve(import.meta.dirname, '../../netns.ts')

test('inspect, shell, logs, capture and cp work on a running cluster', async t => {
  const own = program(t)
  const started = await own.runWith({ xcluster_NPODS: '2' }, ...START)
  t.is(started.status, 0, started.stderr)
  await inspects(t, own)
  await opensShells(t, own)
  await captures(t, own)
  await copies(t, own)
  await refuses(t, own)
  await distinguishesNamespaces(t, own)
  await showsLogs(t, own)
})

async function inspects(t: ExecutionContext, { run }: Program) {
  const table = await run('inspect')
  t.is(table.status, 0, table.stderr)
  t.regex(table.stdout, /^NODE +POD +INTERFACE +KIND +STATE +MTU +MAC +LINKED-TO +ADDRESSES$/m)
  const pod = String.raw`^vm-002 +vm-002-ns01 +eth0 +veth +up +1500 +[0-9a-f:]{17} +vm-002/vm-002-ns01 +172\.16\.2\.1/24,1000::1:ac10:201/120$`
  t.regex(table.stdout, new RegExp(pod, 'm'))
  t.regex(table.stdout, /^vm-001 +- +br0 +bridge +up .* 172\.16\.1\.0\/24,/m)
  const one = await run('inspect', 'vm-001-ns02')
  t.deepEqual(
    one.stdout.match(/^vm\S+ +\S+ +\S+/gm)?.map(line => line.split(/ +/)),
    [['vm-001', 'vm-001-ns02', 'eth0']],
  )
  const inspected = JSON.parse((await run('inspect', '--json')).stdout)
  conforms(t, 'inspect', inspected)
  const { version, nodes } = inspected
  t.is(version, 1)
  t.deepEqual(
    nodes.map(({ node, pods }: { node: string; pods: { name: string }[] }) => [node, ...pods.map(({ name }) => name)]),
    [
      ['vm-001', 'vm-001-ns01', 'vm-001-ns02'],
      ['vm-002', 'vm-002-ns01', 'vm-002-ns02'],
    ],
  )
}

/** Foreign namespaces are shown and entered as such, and do not affect the proof. */
async function distinguishesNamespaces(t: ExecutionContext, { run }: Program) {
  const made = `ip netns add red; ip netns add 'a"b'; touch /var/run/netns/cni-dead`
  t.is((await run('exec', 'vm-001', '--', 'sh', '-c', made)).status, 0)
  const { status, stdout, stderr } = await run('inspect', '--json', 'vm-001')
  t.is(status, 0, stderr)
  const [facts] = JSON.parse(stdout).nodes
  t.deepEqual(facts.foreign.map(({ name }: { name: string }) => name).sort(), ['a"b', 'red'])
  t.deepEqual(facts.stale, ['cni-dead'])
  t.regex(stderr, /vm-001: "cni-dead" is stale/)
  t.regex((await run('inspect')).stdout, /^vm-001 +vm-001\/red /m)
  t.is((await run('graph')).status, 0)
  t.is((await run('exec', 'vm-001/red', '--', 'hostname')).stdout, 'vm-001\n')
  t.regex((await run('exec', 'vm-001/red', '--', 'ip', '-o', 'link')).stdout, /^1: lo: /)
  const proved = await run('test', 'matrix', '--no-start', '--reach', 'bridge')
  t.is(proved.status, 0, proved.stderr)
  t.regex(proved.stderr, /matrix: 8 of 8 pairs answer/)
}

/** Runs a line of a host shell, in which "$N" is the program. */
const inShell = ({ state }: Program, line: string) =>
  execFileSync('/bin/bash', ['-c', line], {
    cwd: state,
    encoding: 'utf8',
    env: { ...process.env, N: NETNS, XDG_STATE_HOME: state, CI: '' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })

async function opensShells(t: ExecutionContext, own: Program) {
  t.is(inShell(own, `echo 'hostname; exit 5' | "$N" shell vm-001-ns02; echo $?`), 'vm-001-ns02\n5\n')
  // With a terminal the shell gets one, too.
  const typed = inShell(own, `(echo 'tty; exit 6'; sleep 5) | script -qec '"$N" shell vm-002-ns01' /dev/null; echo $?`)
  t.regex(typed, /\/dev\/pts\/\d/)
  t.regex(typed, /vm-002-ns01:~# /)
  t.regex(typed, /\n6\n$/)
}

async function captures(t: ExecutionContext, own: Program) {
  const { start, run, state } = own
  const pinging = start(['exec', 'vm-001-ns01', '--', 'ping', '-i', '0.2', '172.16.1.2'])
  const text = await run('capture', 'vm-001-ns02', '-i', 'eth0', '-c', '2', 'icmp', 'and', 'src', '172.16.1.1')
  t.is(text.status, 0, text.stderr)
  t.regex(text.stdout, /^(\S+ IP 172\.16\.1\.1 > 172\.16\.1\.2: ICMP echo request.*\n){2}$/)
  t.regex(text.stderr, /listening on eth0/)

  const file = path.join(state, 'one.pcap')
  const capturing = start(['capture', 'vm-001-ns02', '-w', 'one.pcap', 'icmp'])
  await untilText(t, capturing.stderr, /listening on/)
  await untilSize(file, 1000)
  capturing.kill('SIGINT')
  const { status, stderr } = await capturing.ended
  const [, count] = /^(\d+) packets captured$/m.exec(stderr) ?? []
  t.is(status, 0, stderr)
  const read = execFileSync(tool('tcpdump'), ['-n', '-r', file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.regex(read, /172\.16\.1\.2 > 172\.16\.1\.1: ICMP echo reply/)
  t.is(read.trim().split('\n').length, Number(count), 'every packet that was captured is in the file')

  const piped = inShell(own, '"$N" capture vm-001-ns02 -i eth0 -w - icmp | tcpdump -n -c 3 -r -')
  t.regex(piped, /^(\S+ IP .*ICMP echo re(quest|ply).*\n){3}$/)
  pinging.kill('SIGINT')
  await pinging.ended
}

async function copies(t: ExecutionContext, { run, state }: Program) {
  const bytes = Buffer.from(Array.from({ length: 500_000 }, (_, index) => (index * 7919) % 256))
  fs.mkdirSync(path.join(state, 'tree', 'sub'), { recursive: true })
  fs.writeFileSync(path.join(state, 'tree', 'sub', 'a b'), bytes, { mode: 0o755 })
  const words = [
    ['cp', 'tree/sub/a b', 'vm-001:/tmp/bytes'],
    ['cp', 'vm-001-ns02:/tmp/bytes', 'back'],
    ['cp', '-r', 'tree', 'vm-001:/tmp'],
    ['cp', '-r', 'vm-001:/tmp/tree', 'vm-002:/tmp/other'],
    ['cp', '-r', 'vm-002:/tmp/other', '.'],
    ['cp', 'vm-002:/proc/net/dev', '.'],
    ['cp', '-r', 'vm-002:/proc/sys/kernel/random', '.'],
  ]
  for (const line of words) t.deepEqual(await run(...line), { status: 0, stdout: '', stderr: '' }, line.join(' '))
  for (const file of ['back', 'other/sub/a b']) t.deepEqual(fs.readFileSync(path.join(state, file)), bytes)
  t.is(fs.statSync(path.join(state, 'back')).mode & 0o777, 0o755)
  t.regex(fs.readFileSync(path.join(state, 'dev'), 'utf8'), /eth1:/)
  t.regex(fs.readFileSync(path.join(state, 'random', 'boot_id'), 'utf8'), /^[0-9a-f-]{36}\n$/)

  // Larger than what is left there.
  fs.truncateSync(path.join(state, 'back'), 2 ** 30)
  const small = 'mkdir /tmp/small && mount -t tmpfs -o size=20m small /tmp/small && mv /tmp/bytes /tmp/small'
  t.is((await run('exec', 'vm-001', '--', 'sh', '-c', `${small} && head -c 1G /dev/zero >/tmp/small/full`)).status, 1)
  const full = await run('cp', 'back', 'vm-001:/tmp/small/bytes')
  t.is(full.status, 3, full.stderr)
  t.regex(
    full.stderr,
    /^netns\.ts: vm-001:\/tmp\/small\/bytes: no space left in \/tmp\/small: \d+ MiB needed, 0 MiB free\n$/,
  )
  const kept = await run('exec', 'vm-001', '--', 'sh', '-c', 'cd /tmp/small && rm full; wc -c <bytes; ls -A')
  t.regex(kept.stdout, /^500000\n/)
  t.notRegex(kept.stdout, /netns-cp/)
}

async function refuses(t: ExecutionContext, own: Program) {
  fs.writeFileSync(path.join(own.state, 'earlier.pcap'), 'as it was')
  for (const [words, status, says] of [
    [['inspect', 'vm-003'], 2, /'vm-003' is not a node or POD.*vm-001 vm-002 vm-001-ns01/],
    [['shell', 'vm-001-ns09'], 2, /'vm-001-ns09' is not a POD of vm-001 \(its PODs are vm-001-ns01 vm-001-ns02\)/],
    [
      ['exec', 'vm-001-ns09', 'true'],
      2,
      /'vm-001-ns09' is not a POD of vm-001 \(its PODs are vm-001-ns01 vm-001-ns02\)/,
    ],
    [['capture', 'vm-003'], 2, /'vm-003' is not a node or POD.*VMs are vm-001 vm-002/],
    [['capture', 'vm-001-ns01', '-i', 'eth7'], 2, /eth7: No such device exists/],
    [['capture', 'vm-001', '-w', 'earlier.pcap', 'icmp', 'and', 'and'], 2, /can't parse filter expression/],
    [['capture', 'vm-001', '-w', 'no/such/file'], 3, /cannot write no\/such\/file: there is no such file or dir/],
    [['capture', 'vm-001', '-c', 'many'], 2, /must be a number/],
    [['logs', 'vm-003'], 2, /'vm-003' is not a node with a console \(those are vm-001 vm-002\)/],
    [['logs', '--name', 'other'], 3, /no cluster 'other' is running/],
    [['cp', 'vm-001:/tmp/nothing', '.'], 2, /vm-001:\/tmp\/nothing: no such file or directory/],
    [['cp', 'vm-001:/tmp', '.'], 2, /vm-001:\/tmp: is a directory; copy it with -r/],
    [['cp', 'back', 'vm-003:/tmp'], 2, /'vm-003' is not a node or POD/],
    [['cp', 'back', 'there'], 2, /neither 'back' nor 'there' is on a node or in a POD/],
  ] as const) {
    const refused = await own.run(...words)
    t.deepEqual([refused.status, refused.stdout], [status, ''], words.join(' '))
    t.regex(refused.stderr, says)
  }
  t.is(fs.readFileSync(path.join(own.state, 'earlier.pcap'), 'utf8'), 'as it was')
  const toTerminal = inShell(own, `script -qec '"$N" capture vm-001 -w -' /dev/null </dev/null; echo $?`)
  t.regex(toTerminal, /standard output is a terminal.*\n2\n$/s)
}

/** Runs last: it stops the VMs. */
async function showsLogs(t: ExecutionContext, { run, start, state }: Program) {
  const say = async (node: string, text: string) =>
    t.is((await run('exec', node, '--', 'sh', '-c', `echo '${text}' >/dev/console`)).status, 0)
  for (const text of ['said earlier', 'said before']) await say('vm-002', text)
  t.regex((await run('logs', 'vm-002')).stdout, /^said before$/m)
  t.regex((await run('logs')).stdout, /^vm-002 \| said before$/m)
  t.is((await run('logs', '-n', '2', 'vm-002')).stdout.split('\n').length, 3)

  const all = start(['logs', '-f', '-n', '1'])
  const stopped = start(['logs', '-f', 'vm-002'])
  const shown = untilText(t, all.stdout, /^vm-001 \| said now$/m)
  await Promise.all([stopped, all].map(({ stdout }) => new Promise(resolve => stdout?.once('data', resolve))))
  await say('vm-001', 'said now')
  await shown
  all.kill('SIGINT')
  const { status, stderr } = await all.ended
  t.deepEqual([status, stderr], [130, ''])

  t.is((await run('stop')).status, 0)
  const { status: code, stderr: complaint } = await stopped.ended
  t.deepEqual([code, complaint], [0, ''])
  t.deepEqual(processesIn(state), [])
}

/** Waits until a stream matches a pattern. */
async function untilText(t: ExecutionContext, stream: NodeJS.ReadableStream | null, wanted: RegExp) {
  let text = ''
  await new Promise<void>(resolve => {
    stream?.on('data', chunk => {
      text += chunk
      if (wanted.test(text)) resolve()
    })
    stream?.on('end', resolve)
  })
  t.regex(text, wanted)
}

/** Waits until a file has at least `bytes` bytes. */
async function untilSize(file: string, bytes: number) {
  const reached = () => (fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= bytes
  if (reached()) return
  for await (const _ of fs.promises.watch(path.dirname(file))) if (reached()) return
}
