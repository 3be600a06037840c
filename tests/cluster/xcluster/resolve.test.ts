import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { resolveCluster } from '../../../scripts/cluster/choose.ts'
import { resolveXcluster } from '../../../scripts/cluster/xcluster/resolve.ts'
import type { Environment } from '../../../scripts/host/environment.ts'
import { type Pretended, pretendXcluster } from './pretended.ts'

async function resolveOn(
  { command }: Pick<Pretended, 'command'>,
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

function topology(t: ExecutionContext, text: string): Pretended {
  const pretended = pretendXcluster(t)
  const directory = path.join(pretended.directory, 'ovl/network-topology/mine')
  fs.mkdirSync(directory, { recursive: true })
  fs.writeFileSync(path.join(directory, 'Envsettings'), text)
  return pretended
}

test('values come from options, environment, the test, xcluster and defaults, in this order', async t => {
  const { values, xcluster } = await resolveOn(pretendXcluster(t), { __smp: '3' }, { __nvm: '2' }, { __nrouters: '1' })
  t.deepEqual(values.__nvm, ['2', 'option'])
  t.deepEqual(values.__smp, ['3', 'environment'])
  t.deepEqual(values.__nrouters, ['1', 'test'])
  t.deepEqual(values.__mem, ['128', 'xcluster'])
  t.deepEqual(values.__ntesters, ['0', 'default'])
  t.is(xcluster.exports.__nrouters, '1')
})

test('--cluster embedded leaves xcluster alone', async t => {
  const pretended = pretendXcluster(t)
  const environment = { XCLUSTER: pretended.command }
  for (const name of ['embedded', 'vm']) {
    const request = { options: { __cluster: name }, environment, test: {}, onLine: () => {} }
    const { cluster } = await resolveCluster({ ...request, signal: new AbortController().signal })
    t.is(cluster.kind, 'embedded')
  }
  t.deepEqual(pretended.calls(), [])
})

test('a warning among the settings is passed on, and not evaluated', async t => {
  const branch = `env) echo 'WARNING: $(touch ${'`'}pwd${'`'}/x)'; echo XCLUSTER_HOME=/h; echo "XCLUSTER_TMP='/t'";;`
  const { lines, xcluster } = await resolveOn(pretendXcluster(t, branch))
  t.regex(lines[0] ?? '', /^WARNING: /)
  t.is(xcluster.tmp, '/t')
  t.is(xcluster.image, '/h/hd.img')
})

test('options that only xcluster knows, sizes and variables for the VMs reach it in its environment', async t => {
  const { xcluster } = await resolveOn(pretendXcluster(t), { xcluster_NPODS: '7' }, { __k8s_ver: 'v1', __mtu: 'yes' })
  const { exports } = xcluster
  t.like(exports, { __k8s_ver: 'v1', __mtu: 'yes', __nvm: '4', __nrouters: '0', xcluster___nvm: '4' })
  t.like(exports, { xcluster_NPODS: '7', xcluster_PREFIX: 'fd00:' }, 'which is what xcluster fills in')
})

test('ovls come from BASEOVLS and XOVLS, blank or not; private-reg is not for us', async t => {
  const pretended = pretendXcluster(t)
  const ovls = async (environment: Environment) => {
    const { ovlNames } = (await resolveOn(pretended, environment)).settings
    return [ovlNames.base, ovlNames.more]
  }
  t.deepEqual(await ovls({ BASEOVLS: ' a  b ', XOVLS: 'c' }), [['a', 'b'], ['c']])
  t.deepEqual(await ovls({ BASEOVLS: '', XOVLS: '  ' }), [[], []])
  t.deepEqual(await ovls({ XOVLS: 'c private-reg' }), [[], []])
})

test('the image is the plain one, whatever other tests use, unless the command line says so', async t => {
  const pretended = pretendXcluster(t)
  const image = async (environment: Environment, options: Environment = {}) =>
    (await resolveOn(pretended, environment, options)).xcluster.image
  t.is(await image({ __image: '/k8s.img' }), path.join(pretended.directory, 'hd.img'))
  t.is(await image({}, { __image: '/mine.img' }), '/mine.img')
})

test('the changes of a topology are taken over, whatever else it prints', async t => {
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

test('a topology that is missing or fails is named', async t => {
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
  test(`an xcluster that ${what} is told`, async t => {
    await t.throwsAsync(resolveOn(pretendXcluster(t, branches)), { code, message })
  })
}

test('rubbish is told where the directories of xcluster are in the environment, too', async t => {
  const pretended = pretendXcluster(t, 'env) head -c 200 /dev/urandom;;')
  const environment = { XCLUSTER_HOME: pretended.directory, XCLUSTER_TMP: `${pretended.directory}/tmp` }
  await t.throwsAsync(resolveOn(pretended, environment), { code: 'XCLUSTER_SAYS_LITTLE', message: /XCLUSTER_HOME/ })
})

test('the settings that are shown are all: the image, a set-up, and options that only xcluster knows', async t => {
  const pretended = pretendXcluster(t)
  const { values } = await resolveOn(pretended, { SETUP: 'mine' }, { __k8s_ver: 'v1' })
  t.deepEqual(values.SETUP, ['mine', 'environment'])
  t.deepEqual(values.__k8s_ver, ['v1', 'option'])
  t.deepEqual(values.__image, [path.join(pretended.directory, 'hd.img'), 'default'])
  const named = await resolveOn(pretended, { __image: '/k8s.img' }, { __image: '/mine.img' })
  t.deepEqual(named.values.__image, ['/mine.img', 'option'])
})

test('an xcluster that hangs is ended, and told', async t => {
  const started = Date.now()
  await t.throwsAsync(resolveOn(pretendXcluster(t, 'env) sleep 600;;')), { code: 'XCLUSTER_HANGS' })
  t.true(Date.now() - started < 60_000)
})

test('what is no command is told', async t => {
  const { directory, command } = pretendXcluster(t)
  fs.chmodSync(command, 0o644)
  for (const [file, message] of [
    [command, /not executable/],
    [directory, /not a file/],
    [path.join(directory, 'none'), /no such file/],
  ] as const)
    await t.throwsAsync(resolveOn({ command: file }), { code: 'NO_XCLUSTER', message })
})
