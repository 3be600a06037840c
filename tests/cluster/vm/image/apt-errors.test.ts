import test from 'ava'
import { explainApt } from '../../../../scripts/cluster/vm/image/apt-errors.ts'
import { DEFAULT_GUEST } from '../../../../scripts/settings/guest.ts'

const GUEST = { ...DEFAULT_GUEST, release: 'trixie', architecture: 'arm64' as const }
const INDEX = 'http://mirror.example.org/debian/dists/trixie/InRelease'

/** Lines that apt, gpgv or mmdebstrap of Debian 12 or 13 writes, and the explanation. */
const EXPLAINED = [
  [
    "E: Package 'awk' has no installation candidate",
    "there is no package 'awk' in Debian trixie for arm64 (main)",
    /virtual package/,
  ],
  [
    `E: Release file for ${INDEX} is not valid yet (invalid for another 3d 2h). Updates for this repository …`,
    `the package lists of ${INDEX} are not valid yet: the clock of this host is wrong`,
    /set the clock/,
  ],
  [
    `W: GPG error: ${INDEX}: The following signatures couldn't be verified: NO_PUBKEY 0E98404D386FA1D9`,
    'the signature of the package lists is not by the expected keys, so they are not used',
    /--keyring/,
  ],
  [
    `Sub-process /usr/bin/sqv returned an error code (1), error message is: Missing key 4CB50190207B4758A3F7`,
    'the signature of the package lists is not by the expected keys, so they are not used',
    /--keyring/,
  ],
  [
    `E: The repository 'http://mirror.example.org/debian trixie InRelease' is not signed.`,
    'the package lists of the mirror are not signed, so they are not used',
    /--mirror/,
  ],
  [
    `Err:1 https://mirror.example.org/debian trixie InRelease Invalid response from proxy: HTTP/1.1 403 Forbidden`,
    'the proxy refuses the connection to the mirror',
    /Acquire::http::Proxy/,
  ],
  [
    `Err:1 ${INDEX} Temporary failure resolving 'mirror.example.org'`,
    'the mirror mirror.example.org cannot be resolved: no network, or no such host',
    /--mirror/,
  ],
  [
    `E: Failed to fetch ${INDEX}  Connection timed out [IP: 192.0.2.1 80]`,
    `the mirror does not deliver ${INDEX}: Connection timed out [IP: 192.0.2.1 80]`,
    /--mirror/,
  ],
] as const

for (const [line, message, hint] of EXPLAINED) {
  test(`explains: ${line}`, t => {
    const found = explainApt(['I: another line', line], { guest: GUEST, hasProxy: false })
    t.is(found?.message, message)
    t.regex(found?.hint ?? '', hint)
  })
}

test('names the proxy where there is one, and says nothing about unknown failures', t => {
  const lines = [`E: Failed to fetch ${INDEX}  403  Forbidden [IP: 192.0.2.1 80]`]
  t.regex(explainApt(lines, { guest: GUEST, hasProxy: true })?.message ?? '', /^the proxy, or the mirror behind it, /)
  t.regex(explainApt(lines, { guest: GUEST, hasProxy: false })?.message ?? '', /^the mirror does not deliver /)
  t.is(explainApt(['E: something new'], { guest: GUEST, hasProxy: false }), undefined)
})
