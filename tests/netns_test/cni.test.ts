import test from 'ava'
import { needsUserNamespaces } from '../needs.ts'
import { inVm, SHELLS } from './shell.ts'

needsUserNamespaces()

/** Plugins that answer what a test wants; where there are real ones, nothing of them is called. */
const plugins = (bridgeVersions: string, hostLocalVersions: string) => `
  cp -R /etc/alternatives /tmp && mount -t tmpfs etc /etc && cp -R /tmp/alternatives /etc || exit 9
  mount -t tmpfs opt /opt && mkdir -p /opt/cni/bin || exit 9
  printf '#!/bin/sh\necho '"'%s'" '{"cniVersion":"1.0.0","supportedVersions":${bridgeVersions}}' >/opt/cni/bin/bridge
  printf '#!/bin/sh\nprintf '"'%s'" '{ "cniVersion": "1.0.0",\n "supportedVersions": ${hostLocalVersions} }' >/opt/cni/bin/host-local
  chmod +x /opt/cni/bin/*
`
const result = (pod: string, ...addresses: string[]) => `
  echo '{ "cniVersion": "1.0.0", "interfaces": [{ "name": "cbr0", "mac": "aa:bb:cc:dd:ee:ff" }],
    "ips": [${addresses.map(address => `{ "interface": 2, "address": "${address}", "gateway": "10.0.0.1" }`).join(',\n')}],
    "routes": [{ "dst": "0.0.0.0/0" }] }' >/tmp/${pod}.json
`

for (const shell of SHELLS) {
  const name = shell.join(' ')

  test(`${name}: the newest CNI version that both plugins have is written down`, t => {
    const script = `${plugins('["0.3.1","0.4.0","1.0.0","1.1.0"]', '["0.4.0", "1.0.0"]')}
      netns_test cni_bridge_configure && cat /etc/cni/net.d/netns.json`
    const { status, stdout, stderr } = inVm(shell, script)
    t.is(status, 0, stderr)
    t.regex(stdout, /^CNI 1\.0\.0: 172\.16\.3\.0\/24 1000::1:ac10:300\/120/)
    t.regex(stdout, /"cniVersion": "1\.0\.0"[\s\S]*"bridge": "cbr0"/)
  })

  test(`${name}: plugins without a version in common, or that answer something else, are told`, t => {
    for (const [one, other] of [
      ['["0.4.0"]', '["1.0.0"]'],
      ['["1.0.0"]', '"1.0.0"'],
    ] as const) {
      const { status, stderr } = inVm(shell, `${plugins(one, other)} netns_test cni_bridge_configure`)
      t.is(status, 1)
      t.regex(stderr, /do not tell their versions, or have none in common/)
    }
  })

  test(`${name}: what CNI gave the PODs is pinged, and what is silent is told with its POD`, t => {
    const script = `
      ip address add 172.16.3.1/24 dev lo && ip address add 1000::1:ac10:301/120 dev lo nodad
      ${result('vm-003-ns01', '172.16.3.1/24', '1000::1:ac10:301/120')}
      NPODS=1 netns_test tcase_cni_bridge_ping || exit 9
      ${result('vm-003-ns02', '172.16.9.9/24', '1000::1:ac10:301/120')}
      ip route add unreachable 172.16.9.0/24
      NPODS=2 netns_test tcase_cni_bridge_ping`
    const { status, stdout, stderr } = inVm(shell, script)
    t.is(status, 1, stderr)
    t.regex(stdout, /^vm-003-ns01 172\.16\.3\.1 answers\nvm-003-ns01 1000::1:ac10:301 answers$/m)
    t.deepEqual(stderr.match(/FAILED: .*/g), ['FAILED: no answer to ping: vm-003-ns02, address 172.16.9.9'])
  })

  test(`${name}: a result with one family alone, with none, or that is no result, is no pass`, t => {
    const told = (text: string) => {
      const { status, stderr } = inVm(shell, `${text}\nNPODS=1 netns_test tcase_cni_bridge_ping`)
      t.is(status, 1)
      return stderr.split('FAILED: ')[1]?.trim()
    }
    const one = 'vm-003-ns01'
    t.is(told(result(one, '172.16.3.1/24')), `CNI gave ${one} no address of each family, but: 172.16.3.1`)
    t.is(told(result(one)), `CNI gave ${one} no address of each family, but:`)
    t.is(
      told(`echo '{ "code": 11, "msg": "no" }' >/tmp/${one}.json`),
      `${one}: its CNI result is none: {"code":11,"msg":"no"}`,
    )
    t.is(told(`echo '{ "ips": [{ "address":' >/tmp/${one}.json`), `${one}: its CNI result is none: {"ips":[{"address":`)
    t.is(told(''), `no CNI result for ${one}`)
  })
}
