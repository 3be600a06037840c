import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { clusterIn, program, writeOvl } from '../../../tests/namespaces/program.ts'
import { conforms } from '../../../tests/schema.ts'
import { CHECK_NAMES } from '../../cni/checks/catalog.ts'
import { isViolation } from '../../cni/report/words.ts'
import type { Conformance } from '../../events/conformance.ts'

const IPAM = { type: 'host-local', ranges: [[{ subnet: '{{subnet4}}' }], [{ subnet: '{{subnet6}}' }]] }
const NETWORK = { cniVersion: '1.0.0', name: 'net', plugins: [{ type: 'bridge', isDefaultGateway: true, ipam: IPAM }] }

function bench(t: ExecutionContext) {
  const { state, run } = program(t)
  const conf = (value: unknown, name = 'net.conflist') => {
    fs.writeFileSync(path.join(state, name), typeof value === 'string' ? value : JSON.stringify(value))
    return name
  }
  const results = (): Conformance => {
    const document = JSON.parse(fs.readFileSync(path.join(state, 'results.json'), 'utf8'))
    conforms(t, 'cni', document)
    return document.networks[0]
  }
  const cni = (value: unknown, ...words: string[]) =>
    run('test', 'cni', '--conf', conf(value), '--stop', '--reporter', 'cni=results.json', ...words)
  return { state, run, conf, results, cni }
}

/** The checks that a network violates. */
const violated = ({ checks }: Conformance) => checks.filter(isViolation).map(({ name }) => name)

test("attaches PODs on all nodes, proves them, and finds the violations of Debian's bridge", async t => {
  const { cni, results } = bench(t)
  const { status, stdout, stderr } = await cni(NETWORK, '--nvm=2')
  t.is(status, 1, stderr)
  t.regex(stderr, /matrix: 48 of 48 pairs answer; 64 of 64 forbidden pairs blocked/)
  for (const node of ['vm-001', 'vm-002']) {
    for (const name of ['ADD of all PODs', 'CHECK of all PODs', 'DEL of all PODs', 'ledger after DEL of all PODs'])
      t.regex(stderr, new RegExp(`\\(${node}\\): TEST CASE: ${name}: ok`))
  }
  const found = results()
  t.is(found.checks.length, CHECK_NAMES.length)
  t.deepEqual(found.plugins, ['bridge (host-local)'])
  t.true(violated(found).includes('ADD with an exhausted pool: leaves nothing'))
  t.regex(stderr, /violates SHOULD §4 {2}ADD with an exhausted pool: leaves nothing .*link veth\w+ .* is left after/)
  for (const name of ['ADD succeeds', 'ADD in parallel: unique addresses', 'CHECK without a route', 'DEL twice'])
    t.is(found.checks.find(check => check.name === name)?.verdict, 'passed', name)
  t.is(found.checks.find(({ name }) => name === 'GC calls IPAM')?.why, 'GC exists since version 1.1.0, this is 1.0.0')
  t.regex(stdout, /cni\/DEL_twice \| DEL bridge: .*CNI_COMMAND=DEL/)
})

test('runs selected checks only, and compares them with earlier results', async t => {
  const { cni, results, state } = bench(t)
  const first = await cni(NETWORK, '--nvm=1', '--only', 'DEL with an empty*,DEL tw*')
  t.is(first.status, 0, first.stderr)
  t.deepEqual(
    results().checks.map(({ name }) => name),
    ['DEL with an empty CNI_NETNS', 'DEL with an empty prevResult', 'DEL twice'],
  )
  t.notRegex(first.stderr, /ADD of all PODs/)
  fs.renameSync(path.join(state, 'results.json'), path.join(state, 'earlier.json'))
  const second = await cni(NETWORK, '--nvm=1', '--only', 'DEL twice', '--compare', 'earlier.json')
  t.is(second.status, 0, second.stderr)
  t.regex(second.stderr, /changed: DEL with an empty prevResult: passed, now not run/)
})

test('runs on as many nodes as --set nodes says, for each value', async t => {
  const { conf, run } = bench(t)
  const file = conf({ cniVersion: '0.4.0', name: 'net', type: 'bridge', ipam: IPAM }, 'bridge.conf')
  const cni = ['test', 'cni', '--conf', file, '--only', 'DEL twice']
  const one = await run(...cni, '--set', 'nodes=3', '--nvm=1')
  t.is(one.status, 0, one.stderr)
  t.regex(one.stderr, /cni: --nvm=1 has no effect: this test needs 3\n/)
  t.regex(one.stderr, /cluster: namespaces: 3 nodes/)
  const two = await run(...cni, '--set', 'nodes=1,2')
  t.is(two.status, 0, two.stderr)
  t.regex(two.stderr, /cluster: namespaces: 1 node[\s\S]*passed: cni\[nodes=1\][\s\S]*cluster: namespaces: 2 nodes/)
  t.regex(two.stderr, /passed: cni\[nodes=2\]/)
  const refused = await run(...cni, '--set', 'nodes=many')
  t.is(refused.status, 2, refused.stderr)
  t.regex(refused.stderr, /__nvm=many/)
})

test('checks plugins on a node without Perl, and leaves no process there', async t => {
  const { conf, run } = bench(t)
  t.is((await run('test', 'start', '--nvm=1', '--no-stop')).status, 0)
  const inVm = (command: string) => run('exec', 'vm-001', '--', 'sh', '-c', command)
  t.is((await inVm('rm /usr/bin/perl && ! command -v perl')).status, 0)
  const processes = async () => (await inVm('ps -e -o args= | sort')).stdout.match(/^sleep .*$/gm) ?? []
  t.deepEqual(await processes(), [])
  const only = ['--only', 'DEL twice,DEL leaves nothing,ADD passes on prevResult,ADD applies portMappings']
  const portmap = { type: 'portmap', capabilities: { portMappings: true } }
  const chain = { ...NETWORK, plugins: [...NETWORK.plugins, portmap] }
  const passed = await run('test', 'cni', '--conf', conf(chain), '--no-start', ...only)
  t.is(passed.status, 0, passed.stderr)
  t.regex(passed.stderr, /: 3 passed, .* 1 skipped\n.*skipped: the node has no Perl .*: ADD applies portMappings\n/)
  t.deepEqual(await processes(), [])
})

test('a warning fails the run with --strict', async t => {
  const { cni } = bench(t)
  const only = ['--nvm=1', '--only', 'ADD with an exhausted pool*']
  t.is((await cni(NETWORK, ...only)).status, 0)
  const strict = await cni(NETWORK, '--strict', ...only)
  t.is(strict.status, 1, strict.stderr)
})

/** Answers VERSION; other operations are the script's. */
const plugin = (script: string) => `#!/bin/sh
cat >/tmp/input
[ "$CNI_COMMAND" != VERSION ] || { echo '{"cniVersion":"1.0.0","supportedVersions":["1.0.0"]}'; exit; }
${script}
`

test('names the violations of plugins', async t => {
  const { state, cni, results } = bench(t)
  writeOvl(state, 'plugins', {
    'opt/cni/bin/silent': plugin('exit 0'),
    'opt/cni/bin/text': plugin('echo attached'),
    'opt/cni/bin/flood': plugin('exec head -c 100000000 /dev/zero'),
    'opt/cni/bin/crash': plugin('kill -SEGV $$'),
    'opt/cni/bin/arm': `\x7fELF\x02\x01\x01${'\0'.repeat(9)}\x02\0${process.arch === 'arm64' ? '\x3e' : '\x33'}\0`,
    'opt/cni/bin/home': plugin(
      `echo "$CNI_CONTAINERID" >>/root/elsewhere; [ $CNI_COMMAND != ADD ] || echo '{"cniVersion":"1.0.0"}'`,
    ),
    'opt/cni/bin/outside': plugin(
      `echo "$CNI_CONTAINERID" >>/run/elsewhere; [ $CNI_COMMAND != ADD ] || echo '{"cniVersion":"1.0.0"}'`,
    ),
  })
  const why = async (type: string, only: string) => {
    const { stderr } = await cni({ ...NETWORK, plugins: [{ type }] }, './plugins', '--nvm=1', '--only', only)
    t.regex(stderr, /violation|broken|FAILED/, type)
    return type === 'arm' ? stderr : (results().checks[0]?.why ?? stderr)
  }
  t.regex(await why('silent', 'ADD succeeds'), /the plugin silent answered ADD with an invalid result: printed nothing/)
  t.regex(await why('text', 'ADD succeeds'), /the plugin text answered ADD with an invalid result: printed no JSON/)
  t.regex(await why('flood', 'ADD succeeds'), /the plugin flood wrote more than 1 MiB/)
  t.regex(await why('crash', 'ADD succeeds'), /the plugin crash was ended by SIGSEGV/)
  t.regex(
    await why('arm', 'ADD succeeds'),
    /the plugin arm cannot be executed: .*it is a program for (arm64|riscv64|amd64)|machine/,
  )
  t.regex(await why('outside', 'DEL leaves nothing'), /file \/run\/elsewhere .*after ADD and DEL/)
  t.regex(await why('home', 'DEL leaves nothing'), /file \/root\/elsewhere .*after ADD and DEL/)
})

test('refuses a wrong configuration before anything starts', async t => {
  const { state, conf, run, cni } = bench(t)
  for (const [value, message] of [
    ['{"name":', /net\.conflist: is not JSON/],
    [{ ...NETWORK, name: undefined }, /net\.conflist: has no name/],
    [{ ...NETWORK, plugin: [] }, /unknown key 'plugin' \(did you mean plugins\?\)/],
    [
      { ...NETWORK, plugins: [{ type: 'bridges' }] },
      /no plugin 'bridges'; .* has .*bridge, .*host-local.*did you mean bridge\?/,
    ],
    [{ ...NETWORK, name: '{{nod}}' }, /unknown variable \{\{nod\}\} \(did you mean node\?\)/],
  ] as const) {
    const { status, stderr } = await cni(value, '--nvm=1')
    t.is(status, 2, stderr)
    t.regex(stderr, message)
  }
  t.regex((await run('test', 'cni')).stderr, /needs the configuration of a network \(add --conf <file>/)
  t.regex((await run('test', 'cni', '--conf', 'none')).stderr, /cannot read none/)
  t.regex((await run('test', 'cni', '--conf', conf(NETWORK), '--only', 'DEL twise')).stderr, /did you mean DEL twice\?/)
  const compared = await run('test', 'cni', '--conf', conf(NETWORK), '--compare', 'net.conflist')
  t.regex(compared.stderr, /net\.conflist: not results of the test cni/)
  t.false(fs.existsSync(clusterIn(state)))
})
