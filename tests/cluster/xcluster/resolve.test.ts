import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { resolveCluster } from '../../../scripts/cluster/choose.ts'
import { resolveXcluster } from '../../../scripts/cluster/xcluster/resolve.ts'
import type { Environment } from '../../../scripts/host/environment.ts'
import { type FakeXcluster, fakeXcluster } from './fake-xcluster.ts'

async function resolveOn(
  { command }: Pick<FakeXcluster, 'command'>,
  environment: Environment = {},
  options: Environment = {},
  forTest: Environment = {},
) {
  const lines: string[] = []
  const { settings, xcluster } = await resolveXcluster({
    options,
    environment: { ...environment, XCLUSTER: command },
    test: forTest,
    onLine: line => lines.push(line),
    signal: new AbortController().signal,
  })
  return {
    settings,
    xcluster,
    lines,
    values: Object.fromEntries(settings.origins.map(({ name, value, origin }) => [name, [value, origin]])),
  }
}

function topology(t: ExecutionContext, text: string): FakeXcluster {
  const fake = fakeXcluster(t)
  const directory = path.join(fake.directory, 'ovl/network-topology/mine')
  fs.mkdirSync(directory, { recursive: true })
  fs.writeFileSync(path.join(directory, 'Envsettings'), text)
  return fake
}

test('takes values from options, environment, the test, xcluster and defaults, in this order', async t => {
  const { values, xcluster } = await resolveOn(fakeXcluster(t), { __smp: '3' }, { __nvm: '2' }, { __nrouters: '1' })
  t.deepEqual(values.__nvm, ['2', 'option'])
  t.deepEqual(values.__smp, ['3', 'environment'])
  t.deepEqual(values.__nrouters, ['1', 'test'])
  t.deepEqual(values.__mem, ['128', 'xcluster'])
  t.deepEqual(values.__ntesters, ['0', 'default'])
  t.is(xcluster.exports.__nrouters, '1')
})

test('--cluster embedded does not call xcluster', async t => {
  const fake = fakeXcluster(t)
  const environment = { XCLUSTER: fake.command }
  for (const name of ['embedded', 'vm']) {
    const request = { options: { __cluster: name }, environment, test: {}, onLine: () => {} }
    const { cluster } = await resolveCluster({ ...request, signal: new AbortController().signal })
    t.is(cluster.kind, 'embedded')
  }
  t.deepEqual(fake.calls(), [])
})

test('passes on a warning among the settings without evaluating it', async t => {
  const branch = `env) echo 'WARNING: $(touch ${'`'}pwd${'`'}/x)'; echo XCLUSTER_HOME=/h; echo "XCLUSTER_TMP='/t'";;`
  const { lines, xcluster } = await resolveOn(fakeXcluster(t, branch))
  t.regex(lines[0] ?? '', /^WARNING: /)
  t.is(xcluster.tmp, '/t')
  t.is(xcluster.image, '/h/hd.img')
})

test('exports sizes, variables for VMs and options that only xcluster knows to xcluster', async t => {
  const { xcluster } = await resolveOn(fakeXcluster(t), { xcluster_NPODS: '7' }, { __k8s_ver: 'v1', __mtu: 'yes' })
  const { exports } = xcluster
  t.like(exports, { __k8s_ver: 'v1', __mtu: 'yes', __nvm: '4', __nrouters: '0', xcluster___nvm: '4' })
  t.like(exports, { xcluster_NPODS: '7', xcluster_PREFIX: 'fd00:' }, 'which is what xcluster fills in')
})

test('reads ovls from BASEOVLS and XOVLS, empty or not, without private-reg', async t => {
  const fake = fakeXcluster(t)
  const ovls = async (environment: Environment) => {
    const { ovlNames } = (await resolveOn(fake, environment)).settings
    return [ovlNames.base, ovlNames.more]
  }
  t.deepEqual(await ovls({ BASEOVLS: ' a  b ', XOVLS: 'c' }), [['a', 'b'], ['c']])
  t.deepEqual(await ovls({ BASEOVLS: '', XOVLS: '  ' }), [[], []])
  t.deepEqual(await ovls({ XOVLS: 'c private-reg' }), [[], []])
})

test('uses the standard image unless the command line names another', async t => {
  const fake = fakeXcluster(t)
  const image = async (environment: Environment, options: Environment = {}) =>
    (await resolveOn(fake, environment, options)).xcluster.image
  t.is(await image({ __image: '/k8s.img' }), path.join(fake.directory, 'hd.img'))
  t.is(await image({}, { __image: '/mine.img' }), '/mine.img')
})

test('applies the changes of a topology, and ignores its output', async t => {
  const text = `echo noise
[ "$__nvm" = 4 ] && __nrouters=2
export __nets_vm=0,1,3 QUOTED="it's
two lines"
[ -n "$XCLUSTER_TMP" ] && xcluster_SEEN=yes
`
  const { settings, xcluster, values } = await resolveOn(topology(t, text), { TOPOLOGY: 'mine' })
  t.deepEqual(values.__nrouters, ['2', 'topology'])
  t.deepEqual(settings.cluster.nodes.map(({ name }) => name).slice(-2), ['vm-201', 'vm-202'])
  t.deepEqual(settings.cluster.nodes[0]?.nets, [0, 1, 3])
  t.like(xcluster.exports, { QUOTED: "it's\ntwo lines", xcluster_SEEN: 'yes', __nrouters: '2' })
  t.is(settings.guestEnvironment.SEEN, 'yes')
})

test('reports a missing or failing topology by name', async t => {
  const failing = topology(t, 'echo broken >&2; exit 3\n')
  await t.throwsAsync(resolveOn(failing, { TOPOLOGY: 'mine' }), { code: 'BAD_TOPOLOGY', message: /broken/ })
  await t.throwsAsync(resolveOn(failing, { TOPOLOGY: 'none' }), {
    code: 'NO_SUCH_TOPOLOGY',
    message: /none\/Envsettings/,
  })
})

for (const [what, branches, code, message] of [
  ['fails', 'env) echo no workspace >&2; exit 1;;', 'XCLUSTER_FAILED', /exited with status 1.*no workspace/s],
  ['prints rubbish', 'env) echo rubbish; echo "more; rubbish";;', 'XCLUSTER_SAYS_LITTLE', /XCLUSTER_HOME/],
  ['is silent', 'env) ;;', 'XCLUSTER_SAYS_LITTLE', /XCLUSTER_HOME/],
] as const) {
  test(`reports an xcluster that ${what}`, async t => {
    await t.throwsAsync(resolveOn(fakeXcluster(t, branches)), { code, message })
  })
}

test("reports garbage also when xcluster's directories are set in the environment", async t => {
  const fake = fakeXcluster(t, 'env) head -c 200 /dev/urandom;;')
  const environment = { XCLUSTER_HOME: fake.directory, XCLUSTER_TMP: `${fake.directory}/tmp` }
  await t.throwsAsync(resolveOn(fake, environment), { code: 'XCLUSTER_SAYS_LITTLE', message: /XCLUSTER_HOME/ })
})

test('shows all settings: the image, a set-up, and options that only xcluster knows', async t => {
  const fake = fakeXcluster(t)
  const { values } = await resolveOn(fake, { SETUP: 'mine' }, { __k8s_ver: 'v1' })
  t.deepEqual(values.SETUP, ['mine', 'environment'])
  t.deepEqual(values.__k8s_ver, ['v1', 'option'])
  t.deepEqual(values.__image, [path.join(fake.directory, 'hd.img'), 'default'])
  const named = await resolveOn(fake, { __image: '/k8s.img' }, { __image: '/mine.img' })
  t.deepEqual(named.values.__image, ['/mine.img', 'option'])
})

test('ends and reports an xcluster that hangs', async t => {
  const started = Date.now()
  await t.throwsAsync(resolveOn(fakeXcluster(t, 'env) sleep 600;;')), { code: 'XCLUSTER_HANGS' })
  t.true(Date.now() - started < 60_000)
})

test('reports an invalid command', async t => {
  const { directory, command } = fakeXcluster(t)
  fs.chmodSync(command, 0o644)
  for (const [file, message] of [
    [command, /not executable/],
    [directory, /not a file/],
    [path.join(directory, 'none'), /no such file/],
  ] as const)
    await t.throwsAsync(resolveOn({ command: file }), { code: 'NO_XCLUSTER', message })
})
