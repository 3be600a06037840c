import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import {
  DEFAULT_MIRROR,
  findKeyring,
  hostMirrors,
  linesOf,
  mirrorsOf,
  proxyLines,
} from '../../../../scripts/cluster/vm/image/sources.ts'
import { DEFAULT_GUEST } from '../../../../scripts/settings/guest.ts'

const SNAPSHOT = '20261101T000000Z'

test("takes the host's own Debian mirrors, whatever its release is, and no other repositories", t => {
  const targets = [
    'Docker|trixie|https://download.docker.com/linux/debian/|main',
    'somebody|trixie|https://packages.example.org/debian/|main',
    'Debian Backports|trixie-backports|http://backports.example.org/debian/|main',
    'Debian|trixie-security|http://mirror.example.org/debian-security/|main',
    'Debian|trixie-updates|http://mirror.example.org/debian/|main',
    'Debian|trixie|http://mirror.example.org/debian/|contrib',
    'Debian|trixie|http://mirror.example.org/debian/|main',
  ].join('\n')
  const mirrors = { main: 'http://mirror.example.org/debian', security: 'http://mirror.example.org/debian-security' }
  t.deepEqual(hostMirrors(targets), mirrors)
  t.deepEqual(hostMirrors('|bookworm|http://mirror.example.org/debian/|main'), { ...mirrors, security: undefined })
  t.is(
    hostMirrors('Ubuntu|noble|http://archive.ubuntu.com/ubuntu/|main\n|x|https://example.org/linux/debian/|main'),
    undefined,
  )
})

test('prefers the mirror of the options to that of the host, and that to the default', t => {
  const host = { main: 'http://host.example.org/debian', security: undefined }
  t.is(mirrorsOf(DEFAULT_GUEST, undefined).main, DEFAULT_MIRROR)
  t.deepEqual(mirrorsOf(DEFAULT_GUEST, host), host)
  const archive = { mirror: 'http://m/debian', securityMirror: 'http://s/debian' }
  t.deepEqual(mirrorsOf({ ...DEFAULT_GUEST, archive }, host), { main: 'http://m/debian', security: 'http://s/debian' })
})

test('a snapshot has the layout of snapshot.debian.org, on any mirror, and an index that expired', t => {
  const snapshot = { ...DEFAULT_GUEST, snapshot: SNAPSHOT }
  const mirrors = mirrorsOf(snapshot, { main: 'http://host.example.org/debian', security: undefined })
  t.deepEqual(mirrors, {
    main: `http://snapshot.debian.org/archive/debian/${SNAPSHOT}`,
    security: `http://snapshot.debian.org/archive/debian-security/${SNAPSHOT}`,
  })
  const mine = mirrorsOf({ ...snapshot, archive: { mirror: 'http://localhost:8000' } }, undefined)
  t.is(mine.main, `http://localhost:8000/archive/debian/${SNAPSHOT}`)
  const [first = ''] = linesOf(snapshot, mirrors, '/keys.gpg').lines
  t.true(first.startsWith('deb [arch='), first)
  t.true(first.includes(' signed-by=/keys.gpg check-valid-until=no]'), first)
})

test('every source names the keys that must have signed it; kernels also come from backports and newer releases', t => {
  const mirrors = { main: 'http://m/debian', security: 'http://m/debian-security' }
  const options = `[arch=${DEFAULT_GUEST.architecture} signed-by=/keys.gpg]`
  const { lines, kernelLines } = linesOf(DEFAULT_GUEST, mirrors, '/keys.gpg')
  t.deepEqual(lines, [
    `deb ${options} http://m/debian bookworm main`,
    `deb ${options} http://m/debian bookworm-updates main`,
    `deb ${options} http://m/debian-security bookworm-security main`,
  ])
  t.true(kernelLines.includes(`deb ${options} http://m/debian bookworm-backports main`))
  t.true(kernelLines.includes(`deb ${options} http://m/debian trixie main`))
  const trixie = linesOf({ ...DEFAULT_GUEST, release: 'trixie' }, { ...mirrors, security: undefined }, '/keys.gpg')
  t.true([...trixie.lines, ...trixie.kernelLines].every(line => / trixie(-updates|-backports)? main$/.test(line)))
  t.deepEqual(linesOf({ ...DEFAULT_GUEST, release: 'sid' }, mirrors, '/keys.gpg').lines, [
    `deb ${options} http://m/debian sid main`,
  ])
})

test("finds Debian's keys where distributions put them, and reports them missing with the package's name", t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-keys-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  const [first, second] = ['usr-share.gpg', 'distribution.gpg'].map(name => path.join(directory, name)) as [
    string,
    string,
  ]
  const error = t.throws(() => findKeyring({}, [first, second]), { code: 'HOST_LACKS' })
  t.regex(error?.message ?? '', /debian-archive-keyring/)
  fs.writeFileSync(second, '')
  t.is(findKeyring({}, [first, second]), second)
  fs.writeFileSync(first, '')
  t.is(findKeyring({}, [first, second]), first)
  t.is(findKeyring({ keyring: second }, []), second)
  t.throws(() => findKeyring({ keyring: '/no/such/keys.gpg' }, [first]), { code: 'BAD_VALUE', message: /such\/keys/ })
})

test("passes on apt's proxies, and no other settings", t => {
  const dump = [
    'Acquire::http::Proxy "http://proxy.example.org:3128";',
    'Acquire::https::Proxy::deb.debian.org "DIRECT";',
    'Acquire::http::Proxy "";',
    'Acquire::http::Proxy-Auto-Detect "/usr/bin/x";',
    'Acquire::Retries "3";',
  ].join('\n')
  t.deepEqual(proxyLines(dump), [
    'Acquire::http::Proxy "http://proxy.example.org:3128"',
    'Acquire::https::Proxy::deb.debian.org "DIRECT"',
  ])
})
