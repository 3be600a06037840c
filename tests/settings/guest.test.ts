import path from 'node:path'
import test from 'ava'
import type { Environment } from '../../scripts/host/environment.ts'
import { DEFAULT_GUEST, guestWords, isDefaultGuest, nativeArchitecture } from '../../scripts/settings/guest.ts'
import { type ExtraLayers, readSettings } from '../../scripts/settings/settings.ts'

const HOME = '/nowhere'
const guestOf = (options: Environment, environment: Environment = {}, more: ExtraLayers = {}) =>
  readSettings(options, { HOME, ...environment }, more).cluster.guest

test('the guest is the same release on every host, with the architecture of the host', t => {
  t.deepEqual(guestOf({}), DEFAULT_GUEST)
  t.is(DEFAULT_GUEST.release, 'bookworm')
  t.true(isDefaultGuest(guestOf({ __mirror: 'http://localhost/debian' })), 'a mirror has the same packages')
  t.is(nativeArchitecture('arm64'), 'arm64')
  t.is(nativeArchitecture('x64'), 'amd64')
})

test('reads all options, and the variable of each; packages of the test are added', t => {
  const options = {
    __guest: 'trixie',
    __arch: 'arm64',
    __snapshot: '20261101T000000Z',
    __package: 'iperf3,conntrack',
    __module: 'openvswitch,sch-netem',
    __kernel: './bzImage',
    __modules: '/lib/modules/6.9',
    __mirror: 'http://m/debian/,http://s/debian',
    __keyring: '/keys.gpg',
  }
  const expected = {
    release: 'trixie',
    architecture: 'arm64',
    snapshot: '20261101T000000Z',
    packages: ['conntrack', 'iperf3', 'socat'],
    modules: ['openvswitch', 'sch_netem'],
    kernel: path.resolve('bzImage'),
    modulesDirectory: '/lib/modules/6.9',
    archive: { mirror: 'http://m/debian', securityMirror: 'http://s/debian', keyring: '/keys.gpg' },
  } as const
  const guest = guestOf(options, {}, { packages: ['socat', 'iperf3'] })
  t.deepEqual(guest, expected)
  const variables = Object.entries(options).map(([name, value]) => [
    name.replace('__', 'XCLUSTER_NETNS_').toUpperCase(),
    value,
  ])
  t.deepEqual(guestOf({}, Object.fromEntries(variables), { packages: ['socat'] }), expected)
  t.false(isDefaultGuest(guest))
  t.deepEqual(guestWords(DEFAULT_GUEST), [])
  const words = Object.fromEntries(guestWords(guest).map(word => word.replace(/^--/, '__').split(/=(.*)/s)))
  t.deepEqual(guestOf(words), expected, 'the words describe the same guest')
})

test("variables of xcluster's own, such as __kernel, do not change the guest", t => {
  t.deepEqual(guestOf({}, { __kernel: '/boot/vmlinuz', __arch: 'x86' }), DEFAULT_GUEST)
  t.deepEqual(guestOf({ __kernel: 'vmlinuz' }, {}, { kind: 'xcluster' }), DEFAULT_GUEST)
})

for (const [options, message] of [
  [{ __guest: 'Debian 12' }, /--guest=Debian 12: must be the codename/],
  [{ __arch: 'mips' }, /--arch=mips: must be amd64 or arm64/],
  [{ __snapshot: 'yesterday' }, /--snapshot=yesterday: must be a time/],
  [{ __package: 'jq,--force' }, /--package=jq,--force: must be names/],
  [{ __module: '../x' }, /--module=/],
  [{ __kernel: 'six' }, /--kernel=six: must be a version/],
  [{ __modules: '/lib/modules/6.9' }, /--modules is for a kernel that is a file/],
  [{ __mirror: 'deb.debian.org' }, /--mirror=deb.debian.org: must be the URI/],
] as const) {
  test(`refuses ${Object.entries(options).join(' ')}`, t => {
    t.throws(() => guestOf(options), { code: 'BAD_VALUE', message })
  })
}
