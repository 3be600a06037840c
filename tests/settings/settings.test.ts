import path from 'node:path'
import test from 'ava'
import { Failure } from '../../scripts/errors/failure.ts'
import type { Environment } from '../../scripts/host/environment.ts'
import { readClusterName, readDirectories, readSettings } from '../../scripts/settings/settings.ts'

const refused = (options: Environment, environment: Environment = {}): Failure => {
  try {
    readSettings(options, environment)
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('was not refused')
}

test('the default timeout grows with the number of nodes and pairs of PODs; --timeout overrides it', t => {
  const seconds = (options: Record<string, string>) => readSettings(options, { HOME: '/nowhere' }).timeoutSeconds
  t.is(seconds({}), 60)
  t.is(seconds({ __nvm: '50', xcluster_NPODS: '1' }), 250)
  // 79,600 pairs take over a minute on four VMs that two cores emulate.
  t.is(seconds({ xcluster_NPODS: '50' }), 637)
  t.is(seconds({ __nvm: '200', xcluster_NPODS: '250' }), 86_400)
  t.is(seconds({ xcluster_NPODS: '50', __timeout: '30' }), 30)
})

test('by default the cluster has four workers with four PODs each', t => {
  const settings = readSettings({}, {})
  t.deepEqual(
    settings.cluster.nodes.map(({ name, role, nets }) => ({ name, role, nets: nets.join() })),
    ['vm-001', 'vm-002', 'vm-003', 'vm-004'].map(name => ({ name, role: 'worker' as const, nets: '0,1' })),
  )
  t.is(settings.addressing.podsPerNode, 4)
  t.is(settings.cluster.retain, 'usual')
  t.true(settings.cluster.start)
  t.is(settings.guestEnvironment.__nvm, '4')
  t.deepEqual(Object.keys(settings.guestEnvironment).sort(), ['__nrouters', '__ntesters', '__nvm'])
})

test('an option takes precedence over the environment; each setting has its origin', t => {
  const { cluster, origins } = readSettings({ __nvm: '2' }, { __nvm: '3', __mem: '512' })
  t.is(cluster.nodes.length, 2)
  t.is(cluster.nodes[0]?.memoryMiB, 512)
  t.deepEqual(
    origins.filter(({ name }) => ['__nvm', '__mem', '__smp'].includes(name)),
    [
      { name: '__mem', value: '512', origin: 'environment' },
      { name: '__smp', value: '1', origin: 'default' },
      { name: '__nvm', value: '2', origin: 'option' },
    ],
  )
})

test('reads memory, CPUs and nets of single nodes, and the numbers and nets of routers and testers', t => {
  const { cluster } = readSettings(
    { __nvm: '2', __nrouters: '1', __ntesters: '1', __mem2: '512', __smp2: '2', __nets201: '0,1,2,3' },
    {},
  )
  t.deepEqual(
    cluster.nodes.map(({ name, role, memoryMiB, cpus, nets }) => [name, role, memoryMiB, cpus, nets.join()]),
    [
      ['vm-001', 'worker', 256, 1, '0,1'],
      ['vm-002', 'worker', 512, 2, '0,1'],
      ['vm-201', 'router', 256, 1, '0,1,2,3'],
      ['vm-221', 'tester', 256, 1, '0,2'],
    ],
  )
})

test('passes xcluster_* variables to the nodes without their prefix', t => {
  const { guestEnvironment } = readSettings({}, { xcluster_FOO: "it's", xcluster_NPODS: '7', OTHER: 'x' })
  t.is(guestEnvironment.FOO, "it's")
  t.is(guestEnvironment.NPODS, '7')
  t.false('OTHER' in guestEnvironment)
})

for (const [what, options, environment, expected] of [
  ['no VM', { __nvm: '0' }, {}, '--nvm=0'],
  ['too many VMs', { __nvm: '201' }, {}, '--nvm=201'],
  ['a word for a number', { __nvm: 'x' }, {}, '--nvm=x'],
  ['a fraction', { __nvm: '1.5' }, {}, '--nvm=1.5'],
  ['a number in the environment', {}, { __nvm: '1e2' }, '__nvm=1e2'],
  ['no POD', {}, { xcluster_NPODS: '0' }, 'xcluster_NPODS=0'],
  ['too many PODs', {}, { xcluster_NPODS: '255' }, 'xcluster_NPODS=255'],
  ['a word for PODs', {}, { xcluster_NPODS: 'x' }, 'xcluster_NPODS=x'],
  ['a malformed template', {}, { xcluster_ADRTEMPLATE: '172.16.0.0/16' }, 'xcluster_ADRTEMPLATE=172.16.0.0/16'],
  ['a byte over 255', {}, { xcluster_ADRTEMPLATE: '300.16.0.0/16/24' }, 'ADRTEMPLATE'],
  ['a length of 0', {}, { xcluster_ADRTEMPLATE: '10.0.0.0/0/8' }, 'at least 1'],
  ['lengths in the wrong order', {}, { xcluster_ADRTEMPLATE: '10.0.0.0/24/16' }, 'ADRTEMPLATE'],
  ['a first length of 0', {}, { xcluster_ADRTEMPLATE: '10.0.0.0/0/8' }, 'first length'],
  ['a length with a leading zero', {}, { xcluster_ADRTEMPLATE: '10.0.0.0/08/16' }, 'leading zero'],
  ['an address with a leading zero', {}, { xcluster_ADRTEMPLATE: '172.016.0.0/16/24' }, 'leading zero'],
  ['a multicast template', {}, { xcluster_ADRTEMPLATE: '224.0.0.0/8/16' }, 'is multicast (224.0.0.0/4)'],
  ['a loopback template', {}, { xcluster_ADRTEMPLATE: '127.0.0.0/8/16' }, 'is loopback (127.0.0.0/8)'],
  ['a link-local template', {}, { xcluster_ADRTEMPLATE: '169.254.0.0/16/24' }, 'is link-local (169.254.0.0/16)'],
  ['a reserved template', {}, { xcluster_ADRTEMPLATE: '240.0.0.0/8/16' }, 'is reserved (240.0.0.0/4)'],
  ["a keyword of ip(8) for the PODs' interface", {}, { xcluster_PODIF: 'dev' }, 'is a keyword of ip(8)'],
  [
    "a name that the kernel reserves for the PODs' interface",
    {},
    { xcluster_PODIF: 'all' },
    'is reserved by the kernel',
  ],
  ["the loopback interface for the PODs' interface", {}, { xcluster_PODIF: 'lo' }, 'is the loopback interface'],
  ['a multicast prefix', {}, { xcluster_PREFIX: 'ff02::1' }, 'is multicast (ff00::/8)'],
  ['a link-local prefix', {}, { xcluster_PREFIX: 'fe80:' }, 'is link-local (fe80::/10)'],
  ['the unspecified prefix', {}, { xcluster_PREFIX: ':' }, '(::/96)'],
  ['a prefix for IPv4', {}, { xcluster_PREFIX: '::ffff' }, '(::ffff:0:0/96)'],
  ['more than a prefix', {}, { xcluster_PREFIX: '1000::1]/' }, 'is not the first part of an IPv6 address'],
  ['a prefix with a zone', {}, { xcluster_PREFIX: 'fe80::%1' }, 'is not the first part of an IPv6 address'],
  ['a name prefix with a slash', {}, { xcluster_NAME_PREFIX: 'a/' }, 'xcluster_NAME_PREFIX=a/'],
  ['a name prefix that looks like an option', {}, { xcluster_NAME_PREFIX: '-n' }, 'xcluster_NAME_PREFIX=-n'],
  ["a name prefix with a node's name", {}, { xcluster_NAME_PREFIX: 'vm-002-' }, 'xcluster_NAME_PREFIX=vm-002-'],
  ['a long interface name', {}, { xcluster_PODIF: 'a234567890123456' }, 'xcluster_PODIF'],
  ['an interface name with a slash', {}, { xcluster_PODIF: 'a/b' }, 'xcluster_PODIF'],
  ['an invalid prefix', {}, { xcluster_PREFIX: 'fd00' }, 'xcluster_PREFIX=fd00'],
  ['nets without net 0', { __nets1: '1,2' }, {}, '--nets1=1,2'],
  ['a duplicate net', { __nets_vm: '0,1,1' }, {}, '--nets-vm=0,1,1'],
  ['too little memory', { __mem: '5' }, {}, '--mem=5'],
  ['an unknown accelerator', { __accel: 'hvf' }, {}, '--accel=hvf'],
  ['a timeout of 0', { __timeout: '0' }, {}, '--timeout=0'],
  ['a cluster name with a slash', { __name: '../x' }, {}, '--name=../x'],
  ['a line break in a variable for the nodes', {}, { xcluster_FOO: 'a\nb' }, 'xcluster_FOO'],
] as const) {
  test(`refuses ${what}`, t => {
    const failure = refused(options, environment)
    t.is(failure.exitCode, 2)
    t.true(failure.message.includes(expected), failure.message)
  })
}

test('accepts the smallest template that is large enough', t => {
  const { addressing } = readSettings({}, { xcluster_ADRTEMPLATE: '10.0.0.0/26/29', xcluster_NPODS: '6' })
  t.is(addressing.podsPerNode, 6)
})

test('never leaves a cluster running when CI=true, unless --no-stop is given', t => {
  t.is(readSettings({}, { CI: 'true' }).cluster.retain, 'never')
  t.is(readSettings({}, { CI: 'false' }).cluster.retain, 'usual')
  t.is(readSettings({ __no_stop: 'yes' }, { CI: 'true' }).cluster.retain, 'always')
  t.is(readSettings({ __stop: 'yes' }, {}).cluster.retain, 'never')
})

test('uses the XDG base directories, ignoring relative ones', t => {
  t.deepEqual(readDirectories({ HOME: '/home/a' }), {
    cache: '/home/a/.cache/xcluster-netns',
    state: '/home/a/.local/state/xcluster-netns',
  })
  const { cache, state } = readDirectories({ HOME: '/home/a', XDG_CACHE_HOME: '/c', XDG_STATE_HOME: 'relative' })
  t.is(cache, '/c/xcluster-netns')
  t.is(state, path.join('/home/a', '.local/state/xcluster-netns'))
})

test('reads the name of the cluster', t => {
  t.is(readClusterName({}, {}), 'default')
  t.is(readClusterName({ __name: 'mine' }, { __name: 'other' }), 'mine')
})
