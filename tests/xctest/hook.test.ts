import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { chooseKind } from '../../scripts/cluster/choose.ts'
import { writeSshConfig } from '../../scripts/xctest/ssh-config.ts'

const TOP = path.resolve(import.meta.dirname, '../..')
const HOOK = path.join(TOP, 'scripts/xctest/hook.sh')
const STAND_IN = path.join(TOP, 'scripts/xctest/xcluster-embedded')
const OVLS = path.join(import.meta.dirname, 'ovl')

/** Replaces OpenSSH's client: records the request, and exits with status `$ENDS_<node>`. */
const SSH = `#!/bin/sh
[ "$1" = -F ] && [ -r "$2" ] && [ "$3" = -- ] || exit 99
if [ -n "\${CONCURRENT-}" ]; then
	echo "\${2##*/}" >>"$USED"
	tries=0
	until [ "$(wc -l <"$USED")" -ge "$CONCURRENT" ] || [ $((tries += 1)) -gt 300 ]; do sleep 0.1; done
fi
shift 3
node=$1
shift
echo "$node: $*" >>"$ASKED"
eval "exit \\\${ENDS_$node:-0}"
`

/** Creates a home with records of a cluster of vm-001, vm-002 and vm-201, and a fake ssh. */
function setUp(t: ExecutionContext) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-xctest-'))
  t.teardown(() => fs.rmSync(home, { recursive: true }))
  const file = (name: string) => path.join(home, name)
  const directory = file('state/xcluster-netns/xctest/default/cluster')
  for (const place of [directory, file('bin')]) fs.mkdirSync(place, { recursive: true })
  const node = (number: number) => ({ number, name: `vm-${String(number).padStart(3, '0')}`, port: 2000 + number })
  const nodes = [
    { ...node(1), role: 'worker' },
    { ...node(2), role: 'worker' },
    { ...node(201), role: 'router' },
  ] as const
  writeSshConfig(directory, nodes, 'AAAA')
  fs.writeFileSync(file('bin/ssh'), SSH, { mode: 0o755 })
  const environment = {
    PATH: `${file('bin')}:${process.env.PATH}`,
    HOME: home,
    XDG_STATE_HOME: file('state'),
    XCLUSTER_OVLPATH: OVLS,
    ASKED: file('requests'),
    LC_ALL: 'C',
  }
  const call = (command: string, words: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const { status, stdout, stderr } = spawnSync(command, words, {
      env: { ...environment, ...more },
      encoding: 'utf8',
      cwd: home,
    })
    return { status, stdout, stderr }
  }
  const requests = () =>
    fs.existsSync(file('requests')) ? fs.readFileSync(file('requests'), 'utf8').trim().split('\n').sort() : []
  /** Runs lines of a test that sources the model of xcluster's library. */
  const runInTest = (lines: string, more = {}) =>
    call('/bin/sh', ['-c', `dir=/x/model; . ${OVLS}/test/default/usr/lib/xctest\n${lines}\necho END`], {
      XCTEST_HOOK: HOOK,
      XCLUSTER: STAND_IN,
      ...more,
    })
  return { home, call, runInTest, requests, cluster: directory }
}

test('runs a step on one node, on all workers in turn, on all at once, and on the routers', t => {
  const { runInTest, requests } = setUp(t)
  const { status, stdout, stderr } = runInTest('otc 1 "a b c" d\notcw e\notcwp f\notcr g\notcprog=other otc 2 h')
  t.is(status, 0, stderr)
  t.regex(stdout, /END/)
  t.deepEqual(requests(), [
    '1: model_test tcase_a b c',
    '1: model_test tcase_d',
    '1: model_test tcase_e',
    '1: model_test tcase_f',
    '201: model_test tcase_g',
    '2: model_test tcase_e',
    '2: model_test tcase_f',
    '2: other tcase_h',
  ])
})

for (const [call, says] of [
  ['otc 2 a', /vm-002: a: exit status 7/],
  ['otcw a', /vm-002: a: exit status 7/],
  ['otcwp a b', /a: failed on vm-002 \(7\)/],
] as const) {
  test(`${call}: a failed step ends the test, and later lines are not run`, t => {
    const { runInTest, requests } = setUp(t)
    const { status, stdout, stderr } = runInTest(call, { ENDS_2: '7' })
    t.is(status, 1)
    t.notRegex(stdout, /END/)
    t.regex(stderr, says)
    t.false(requests().some(line => line.endsWith('tcase_b')))
  })
}

test('fails a step on missing nodes', t => {
  const { runInTest } = setUp(t)
  t.like(runInTest('otct a'), { status: 1 })
})

test('rsh exits with the status of the command on the node', t => {
  const { runInTest } = setUp(t)
  t.regex(runInTest('rsh 2 x; echo "ends with $?"', { ENDS_2: '42' }).stdout, /ends with 42/)
})

test('reports a missing node by name, and runs nothing instead', t => {
  const { runInTest, requests } = setUp(t)
  const { stdout, stderr } = runInTest(`for node in 7 vm-007 ''; do rsh "$node" x; echo $?; done; rsh 2 x; echo $?`)
  t.is(stdout, '255\n255\n255\n0\nEND\n')
  t.is(stderr, ['7', 'vm-007', ''].map(node => `rsh: the cluster has no node '${node}'\n`).join(''))
  t.deepEqual(requests(), ['2: x'])
})

test('runs one command at a time on each connection, and logs in again when all are busy', t => {
  const { runInTest, home } = setUp(t)
  const used = path.join(home, 'used')
  const connections = () => fs.readFileSync(used, 'utf8').trim().split('\n').sort()
  const all = ['ssh_config', 'ssh_config-1', 'ssh_config-2', 'ssh_config-3', 'ssh_config-4']
  const { stdout } = runInTest('for n in 1 2 3 4 5; do rsh 1 x & done; wait', { CONCURRENT: '5', USED: used })
  t.regex(stdout, /END/)
  t.deepEqual(connections(), all)
  fs.rmSync(used)
  runInTest('for n in 1 2 3; do rsh 1 x; done', { CONCURRENT: '1', USED: used })
  t.deepEqual(connections(), ['ssh_config-1', 'ssh_config-1', 'ssh_config-1'])
})

test('fails everything without a cluster', t => {
  const { runInTest, cluster } = setUp(t)
  fs.rmSync(cluster, { recursive: true })
  for (const call of ['otc 1 a', 'otcw a', 'otcwp a', 'check_vm || exit 1']) t.is(runInTest(call).status, 1, call)
})

test("does not take the replacement for the user's xcluster, and says so when it is requested", t => {
  t.is(chooseKind({}, { XCLUSTER: STAND_IN }).name, 'embedded')
  t.is(chooseKind({}, { XCLUSTER: '/home/me/xcluster.sh' }).name, 'xcluster')
  const { call } = setUp(t)
  const { status, stderr } = call(path.join(TOP, 'netns.ts'), ['env', '--cluster', 'xcluster'], { XCLUSTER: STAND_IN })
  t.is(status, 3)
  t.regex(stderr, /is the replacement of this repository/)
})

test('xctest-hook prints the paths of hook and replacement', t => {
  const netns = (...words: string[]) => execFileSync(path.join(TOP, 'netns.ts'), words, { encoding: 'utf8' }).trim()
  t.is(netns('xctest-hook'), HOOK)
  t.is(netns('xctest-hook', '--xcluster'), STAND_IN)
})

test('env prints assignments that a shell can evaluate, with private directories', t => {
  const { call, home } = setUp(t)
  const script = `eval $(${STAND_IN} env); echo "$XCLUSTER $XCLUSTER_TMP $ARCHIVE $__image"`
  const { stdout, status } = call('/bin/sh', ['-c', script], { ARCHIVE: "/a'b c" })
  t.is(status, 0)
  const tmp = path.join(home, 'state/xcluster-netns/xctest/default')
  t.is(stdout.trim(), `${STAND_IN} ${tmp} /a'b c ${home}/xcluster-workspace/xcluster/hd.img`)
})

test('ovld finds ovls as xcluster does, and those of this repository', t => {
  const { call } = setUp(t)
  t.is(call(STAND_IN, ['ovld', 'model']).stdout.trim(), path.join(OVLS, 'model'))
  t.is(call(STAND_IN, ['ovld', 'netns']).stdout.trim(), TOP)
  t.is(
    call(STAND_IN, ['ovld', 'test'], { XCLUSTER_OVLPATH: '' }).stdout.trim(),
    path.join(TOP, 'scripts/xctest/ovl/test'),
  )
  t.like(call(STAND_IN, ['ovld', 'none']), { status: 1, stdout: '' })
})

test('mkcdrom packs each ovl once, and skips built-in ones', t => {
  const { call, home } = setUp(t)
  const words = ['mkcdrom', 'env', 'network-topology', 'model', 'netns', 'model', 'test']
  const { status, stderr } = call(STAND_IN, words, { SETUP: 'mine', XCLUSTER: STAND_IN })
  t.is(status, 0, stderr)
  const [directory = '', ...more] = fs
    .readFileSync(path.join(home, 'state/xcluster-netns/xctest/default/cdrom.iso'), 'utf8')
    .trim()
    .split('\n')
  t.is(path.basename(directory), '00model')
  t.deepEqual(more, [])
  const archive = path.join(home, 'model.tar')
  execFileSync(path.join(directory, 'tar'), [archive])
  const members = execFileSync('tar', ['tf', archive], { encoding: 'utf8' })
  t.regex(members, /^bin\/model_test$/m)
  t.regex(members, /^bin\/shuf$/m)
  t.is(execFileSync('tar', ['xOf', archive, 'setup-of-model'], { encoding: 'utf8' }), 'SETUP=mine\n')
})

test('mkcdrom fails for an ovl whose tar fails, and for a missing one', t => {
  const { call, home } = setUp(t)
  const bad = path.join(home, 'bad')
  fs.mkdirSync(bad)
  fs.writeFileSync(path.join(bad, 'tar'), '#!/bin/sh\nexit 7\n', { mode: 0o755 })
  t.like(call(STAND_IN, ['mkcdrom', bad]), {
    status: 1,
    stderr: `xcluster-embedded: mkcdrom: ${bad}/tar exited with status 7\n`,
  })
  fs.writeFileSync(path.join(bad, 'tar'), '#!/bin/sh\n', { mode: 0o755 })
  t.regex(call(STAND_IN, ['mkcdrom', bad]).stderr, /succeeded but wrote no archive/)
  t.is(call(STAND_IN, ['mkcdrom', 'none']).status, 1)
})

test('mkcdrom uses a cached ovl unchanged', t => {
  const { call, home } = setUp(t)
  const xcluster = { XCLUSTER: STAND_IN }
  t.is(call(STAND_IN, ['cache', 'model'], xcluster).status, 0)
  t.is(call(STAND_IN, ['cache', '--list'], xcluster).stdout, 'default/model.tar.xz\n')
  const { status, stderr } = call(STAND_IN, ['mkcdrom', 'model'], { MODEL_PROGRAM: '/none', XCLUSTER: '/none' })
  t.is(status, 0, stderr)
  const archive = path.join(home, 'model.tar')
  execFileSync(path.join(home, 'state/xcluster-netns/xctest/default/ovls/00model/tar'), [archive])
  t.regex(execFileSync('tar', ['tf', archive], { encoding: 'utf8' }), /^bin\/model_test$/m)
})

test('a real xcluster locates ovls and settings, but does not run the cluster', t => {
  const { call, home, runInTest, requests } = setUp(t)
  const real = path.join(home, 'xcluster.sh')
  const script = `#!/bin/sh
case $1 in
env) echo "XCLUSTER='$0'"; echo "XCLUSTER_TMP='/theirs'"; echo "__mem='128'"; echo "__kobj='/k'" ;;
ovld) [ "$2" = theirs ] && echo /their/ovl ;;
libs) echo libs ;;
*) echo "real $*" >>"$ASKED"; exit 5 ;;
esac
`
  fs.writeFileSync(real, script, { mode: 0o755 })
  const env = call(STAND_IN, ['env'], { XCTEST_XCLUSTER: real }).stdout
  t.regex(env, /^__kobj='\/k'$/m)
  t.regex(env, new RegExp(`^XCLUSTER='${STAND_IN}'$`, 'm'))
  t.notRegex(env, /theirs|__mem/)
  const { stdout, stderr } = runInTest('echo "$XCLUSTER"; "$XCLUSTER" ovld theirs; "$XCLUSTER" libs; otc 1 a', {
    XCLUSTER: real,
  })
  t.regex(stdout, new RegExp(`^${STAND_IN}\n/their/ovl\nlibs\nEND`), stderr)
  t.deepEqual(requests(), ['1: model_test tcase_a'])
})

test('connections are not persistent when the path of their socket would be too long for ssh', t => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-xctest-'))
  t.teardown(() => fs.rmSync(home, { recursive: true }))
  /** @param length of the directory's path, in bytes */
  const configIn = (length: number) => {
    const directory = path.join(home, 'é'.repeat(10).padEnd(length - Buffer.byteLength(home) - 1 - 10, 'x'))
    t.is(Buffer.byteLength(directory), length)
    fs.mkdirSync(directory)
    writeSshConfig(directory, [{ number: 1, name: 'vm-001', port: 2001, role: 'worker' }], 'AAAA')
    return fs.readFileSync(path.join(directory, 'ssh_config-1'), 'utf8')
  }
  // "/ssh-vm-001-1", a dot and 16 letters make it 107 bytes.
  t.regex(configIn(77), /ControlPath/)
  t.notRegex(configIn(78), /Control/)
})

test('ssh reads the configuration in a directory with special characters in its path', t => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-xctest-'))
  t.teardown(() => fs.rmSync(home, { recursive: true }))
  for (const name of ['a%zb', '%n', 'a "b" c', 'a\\b', '#x']) {
    const directory = path.join(home, name)
    fs.mkdirSync(directory)
    writeSshConfig(directory, [{ number: 1, name: 'vm-001', port: 2001, role: 'worker' }], 'AAAA')
    const config = path.join(directory, 'ssh_config-1')
    const { status, stdout, stderr } = spawnSync('ssh', ['-G', '-F', config, '1'], { encoding: 'utf8' })
    t.is(status, 0, stderr)
    t.true(stdout.split('\n').includes(`controlpath ${directory}/ssh-1-1`), stdout)
    t.true(stdout.split('\n').includes(`userknownhostsfile ${directory}/known_hosts`), stdout)
  }
})
