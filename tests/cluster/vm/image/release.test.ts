import test from 'ava'
import { proxyLines, readCodename, sourceLines } from '../../../../scripts/cluster/vm/image/release.ts'

const BOOKWORM = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n'

test('reads the release from os-release', t => {
  t.is(readCodename(BOOKWORM, 'x64'), 'bookworm')
  t.is(readCodename("ID='debian'\nVERSION_CODENAME='forky'\n", 'x64'), 'forky')
})

for (const [what, text, architecture, names] of [
  [
    'another distribution',
    'ID=ubuntu\nPRETTY_NAME="Ubuntu 24.04"\nVERSION_CODENAME=noble\n',
    'x64',
    /Ubuntu 24\.04 on x64/,
  ],
  ['an older release', BOOKWORM.replaceAll('12', '11'), 'x64', /Debian GNU\/Linux 11/],
  ['another architecture', BOOKWORM, 'arm64', /on arm64/],
  ['a host without os-release', '', 'x64', /another system/],
] as const) {
  test(`refuses ${what} by name`, t => {
    const error = t.throws(() => readCodename(text, architecture), { code: 'UNSUPPORTED_HOST' })
    t.regex(error?.message ?? '', names)
  })
}

test("uses only Debian's own sources of the release and its updates", t => {
  const targets = [
    'Debian|bookworm|http://deb.debian.org/debian/|main',
    'Debian|bookworm|http://deb.debian.org/debian/|main',
    'Debian|bookworm|http://deb.debian.org/debian/|contrib',
    'Debian|bookworm-updates|http://deb.debian.org/debian/|main',
    'Debian|bookworm-security|http://security.debian.org/debian-security/|main',
    'Debian Backports|bookworm-backports|http://deb.debian.org/debian/|main',
    'Debian|trixie|http://deb.debian.org/debian/|main',
    'Docker|bookworm|https://download.docker.com/linux/debian/|stable',
    'somebody|bookworm|https://packages.example.org/debian/|main',
  ].join('\n')
  t.deepEqual(sourceLines(targets, 'bookworm'), [
    'deb http://deb.debian.org/debian/ bookworm main',
    'deb http://deb.debian.org/debian/ bookworm-updates main',
    'deb http://security.debian.org/debian-security/ bookworm-security main',
  ])
})

test("recognizes a mirror by its path when apt's lists were removed", t => {
  const targets = '|bookworm|http://mirror.example.org/debian/|main\n|bookworm|https://example.org/linux/debian/|main\n'
  t.deepEqual(sourceLines(targets, 'bookworm'), ['deb http://mirror.example.org/debian/ bookworm main'])
  t.deepEqual(sourceLines('', 'bookworm'), [])
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
