import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import anyTest, { type TestFn } from 'ava'
import { testCases } from '../../scripts/runner/registry.ts'
import { type StandIn, standIn } from '../xcluster/stand-in.ts'
import { type Program, program } from './program.ts'

const test = anyTest as TestFn<StandIn>

test.before(async t => {
  t.context = await standIn()
})
test.after.always(t => t.context.remove())
test.afterEach.always(t => stop(t.context))

const stop = ({ environment }: StandIn) =>
  execFileSync(environment.XCLUSTER as string, ['stop'], { env: { ...process.env, ...environment } })

/** Runs the program with the stand-in as the user's xcluster. Nets are learning switches by default. */
const onXcluster =
  ({ runWith }: Program, { environment }: StandIn) =>
  (words: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    runWith({ STANDIN_SWITCH: 'vde', ...environment, ...more }, ...words)

/** A summary without times, durations, round trips, the order of VMs' lines, and the name of the cluster kind. */
const timeless = (summary: string) =>
  summary
    .replace(/^( *)\d\d:\d\d:\d\d \(([^)]*)\)/gm, (_, indent, who) => `${indent}(${/VM|vm/.test(who) ? who : ''})`)
    .replace(/: ok, [\d.]+ \w+/g, ': ok')
    .replace(/^.*emulated: KVM does not work here.*\n/gm, '')
    // Of the first run with this image.
    .replace(/^.*template: built in .*\n/gm, '')
    .replace(/Total time: \d+ s/, 'Total time')
    .replace(/round trip .* ms/g, 'round trip')
    .replace(/cluster: \w+: .*/g, 'cluster')
    .split('\n')
    .sort()

test.serial(
  'bridge and cni_bridge pass on both cluster kinds; their summaries differ only in times and the kind',
  async t => {
    const own = program(t)
    const words = ['test', 'bridge', '--nvm=2', '--no-stop']
    const xcluster = onXcluster(own, t.context)
    for (const name of ['bridge', 'cni_bridge']) {
      words[1] = name
      const theirs = await xcluster(words.slice(0, 3))
      t.is(theirs.status, 0, theirs.stderr)
      t.regex(theirs.stderr, /cluster: xcluster: 2 VMs; host keys are not checked/)
      t.regex(theirs.stdout, /setting XCLUSTER_TMP='/)
      const ours = await own.run(...words.slice(0, 3))
      t.is(ours.status, 0, ours.stderr)
      t.deepEqual(timeless(theirs.stderr), timeless(ours.stderr))
      // Both logs have the same step lines.
      const steps = (log: string) =>
        log
          .split('\n')
          .flatMap(line => /^\S+ (vm-\d+ \w+\/\w+ [|!-] .*)/.exec(line)?.[1] ?? [])
          .map(line => line.replace(/\d\d:\d\d:\d\d|\d+ ms/, ''))
          // PREFIX differs, as on a user's xcluster.
          .map(line => line.replace(/fd00::|1000::1:/g, 'PREFIX:'))
          // The PODs get their addresses in any order.
          .map(line => line.replace(/(cni_bridge_ping \| \S+) \S+ answers/, '$1 answers'))
          .sort()
      t.true(steps(ours.stdout).length > 16)
      t.deepEqual(steps(theirs.stdout), steps(ours.stdout))
    }
  },
)

test.serial('every test passes on xcluster, none is skipped', async t => {
  const { status, stderr } = await onXcluster(program(t), t.context)(['test', 'all', '--nvm=2', '--strict'])
  t.is(status, 0, stderr)
  const expected = testCases
    .filter(({ sameAs, needs }) => !sameAs && !needs.running && !needs.configuration)
    .map(({ name }) => name)
  const passed = [...stderr.matchAll(/passed: ([a-zA-Z]\w*)/g)].map(([, name]) => name)
  t.deepEqual(passed.toSorted(), expected.toSorted())
})

test.serial("L3 passes over multicast sockets, which return a VM's own frames", async t => {
  const run = onXcluster(program(t), t.context)
  const { status, stderr } = await run(['test', 'L3', '--nvm=2'], { STANDIN_SWITCH: 'mcast', XOVLS: '  ' })
  t.is(status, 0, stderr)
})

test.serial('waits for a VM that boots in 40 s', async t => {
  const run = onXcluster(program(t), t.context)
  const { status, stdout, stderr } = await run(['test', 'start', '--nvm=2'], { STANDIN_SLOW: '2:40' })
  t.is(status, 0, stderr)
  t.regex(stdout, /vm-002 is up/)
  t.true(Number(/Total time: (\d+) s/.exec(stderr)?.[1]) >= 40)
})

test.serial('reports a VM that never boots with the last lines of its console, and stops xcluster', async t => {
  const run = onXcluster(program(t), t.context)
  const { status, stderr } = await run(['test', 'start', '--nvm=2', '--timeout=30'], { STANDIN_DEAD: '2' })
  t.is(status, 4)
  t.regex(stderr, /1 of 2 VMs did not come up in 30 s: vm-002\n[\s\S]*standin: waiting for 86400 s/)
  t.deepEqual(
    fs.readdirSync(path.join(t.context.workspace, 'tmp')).filter(name => name.endsWith('.pid')),
    [],
  )
})

test.serial(
  'a failure leaves the cluster running, for --no-start, inspection, and a cluster with new host keys',
  async t => {
    const own = program(t)
    const run = onXcluster(own, t.context)
    const kept = await run(['test', 'bridge', '--nvm=2', '--no-stop'])
    t.is(kept.status, 0, kept.stderr)
    t.regex(kept.stderr, / stop ends it/)
    const [shown] = JSON.parse((await run(['status', '--json'])).stdout)
    t.is(shown.condition, 'kept')
    t.deepEqual(
      shown.nodes.map(({ name }: { name: string }) => name),
      ['vm-001', 'vm-002'],
    )

    const { stdout } = await run(['exec', 'vm-002', '--', 'netns_test', 'name'])
    t.is(stdout, 'vm-002-ns01\nvm-002-ns02\nvm-002-ns03\nvm-002-ns04\n')
    t.is((await run(['exec', 'vm-002', '--', 'sh', '-c', 'exit 7'])).status, 7)
    const table = await run(['inspect', '--nvm=2', 'vm-002-ns03'])
    t.regex(table.stdout, /^vm-002 +vm-002-ns03 +eth0 +veth +up .*172\.16\.2\.3\/24/m)
    // xcluster's image has none.
    const refused = await run(['capture', 'vm-002-ns01', 'icmp'])
    t.is(refused.status, 3, refused.stderr)
    t.regex(refused.stderr, /tcpdump is missing on vm-002: .*no command 'tcpdump'/)
    const file = fs.readFileSync(import.meta.filename)
    t.is((await run(['cp', import.meta.filename, 'vm-002:/tmp/x'])).status, 0)
    t.is((await run(['cp', 'vm-002:/tmp/x', '.'])).status, 0)
    t.deepEqual(fs.readFileSync(path.join(own.state, 'x')), file)
    t.is((await run(['exec', 'vm-002', '--', 'sh', '-c', 'echo on the console >/dev/console'])).status, 0)
    t.regex((await run(['logs'])).stdout, /^vm-002 \| on the console$/m)
    // xcluster retains the consoles of earlier clusters.
    t.regex(
      (await run(['logs', 'vm-009'])).stderr,
      /'vm-009' is not a node with a console \(those are vm-001 vm-002( vm-20\d)*\)/,
    )
    const mute = ['exec', 'vm-002-ns03', '--', 'sysctl', '-w', 'net.ipv4.icmp_echo_ignore_all=1']
    t.is((await run(mute)).status, 0)
    const failed = await run(['test', 'bridge', '--nvm=2', '--no-start'])
    t.is(failed.status, 1)
    t.regex(failed.stderr, /FAILED: bridge: bridge_ping on vm-002: no answer to ping: vm-002-ns03/)
    t.notRegex(failed.stderr, /FAILED.* on vm-001/)
    const [, evidence = ''] = /: evidence of bridge: (\S+)\n/.exec(failed.stderr) ?? []
    t.regex(fs.readFileSync(path.join(evidence, 'vm-002-ns03/addresses.txt'), 'utf8'), /inet 172\.16\.2\.3\/24/)
    t.deepEqual(fs.readdirSync(evidence).sort(), ['evidence.txt', 'vm-002', 'vm-002-ns03'])
    t.is((await run(['exec', 'vm-001', '--', 'true'])).status, 0, 'it is left running')

    // Unpacks the output of our tar on a running VM, as `inject` does.
    const { environment } = t.context
    const packed = spawnSync(path.join(environment.XCLUSTER_OVLPATH?.split(':')[0] ?? '', 'netns/tar'), ['-'], {
      env: { ...process.env, ...environment },
      cwd: '/',
      maxBuffer: 1 << 30,
    })
    t.is(packed.status, 0)
    t.is((await run(['exec', 'vm-001', '--', 'rm', '/bin/netns_test', '/etc/rnd-addresses'])).status, 0)
    const env = { ...process.env, ...environment }
    const rsh = (vm: string, ...command: string[]) => [environment.XCLUSTER as string, ['rsh', vm, ...command]] as const
    execFileSync(...rsh('1', 'tar', '-C', '/', '-x'), { env, input: packed.stdout })
    t.is(execFileSync(...rsh('1', 'netns_test', 'name', '1'), { env, encoding: 'utf8' }), 'vm-001-ns01\n')

    const anew = await run(['test', 'start', '--nvm=2'])
    t.is(anew.status, 0, 'other host keys are taken')
    t.regex(anew.stderr, /stopped xcluster's cluster, which was running/)
    const stopped = await run(['stop'])
    t.is(stopped.status, 0, stopped.stderr)
    t.is((await run(['stop'])).status, 3)
    t.is((await run(['status'])).stdout, '')
  },
)
