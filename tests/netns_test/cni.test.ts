import test from 'ava'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { inVm, SHELLS } from './shell.ts'

needsUserNamespaces()

/** Empty directories for plugins and their configuration, which hide this host's. */
const PLACES = `
  cp -R /etc/alternatives /tmp && mount -t tmpfs etc /etc && cp -R /tmp/alternatives /etc || exit 9
  mount -t tmpfs opt /opt && mkdir -p /opt/cni/bin || exit 9`

/**
 * A plugin like `bridge` with `host-local`: it creates an interface and allocates an address, and refuses existing
 * ones. For POD 2 it fails once after both: with an error, or by hanging.
 */
const failing = (how: string, onDelete = '') => `${PLACES}
  cat >/opt/cni/bin/bridge <<'PLUGIN'
#!/bin/sh
case $CNI_COMMAND in
VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["1.0.0"]}'; exit ;;
esac
in_pod() { nsenter --net="$CNI_NETNS" ip "$@"; }
taken=/run/taken-$CNI_CONTAINERID
grep -q '"type": "bridge"' || exit 7
echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_IFNAME" >>/run/calls
case $CNI_COMMAND in
ADD)
  ! in_pod link show "$CNI_IFNAME" >/dev/null 2>&1 || { echo "{\\"msg\\": \\"container veth name provided ($CNI_IFNAME) already exists\\"}"; exit 1; }
  [ ! -e "$taken" ] || { echo '{"msg": "duplicate allocation is not allowed"}'; exit 1; }
  touch "$taken" && in_pod link add "$CNI_IFNAME" type bridge || exit 8
  case $CNI_CONTAINERID in *-ns02) [ -e /run/failed ] || { touch /run/failed; ${how}; } ;; esac
  touch /run/added-$CNI_CONTAINERID
  echo '{"ips":[]}'
  ;;
DEL)
  ${onDelete}
  rm -f "$taken"
  in_pod link delete "$CNI_IFNAME"
  ;;
esac
PLUGIN
  cp /opt/cni/bin/bridge /opt/cni/bin/host-local && chmod +x /opt/cni/bin/*
  export NPODS=2
  netns_test cni_bridge_configure || exit 9`

/** Plugins with the given versions, instead of real ones. */
const plugins = (bridgeVersions: string, hostLocalVersions: string) => `${PLACES}
  printf '#!/bin/sh\necho '"'%s'" '{"cniVersion":"1.0.0","supportedVersions":${bridgeVersions}}' >/opt/cni/bin/bridge
  printf '#!/bin/sh\nprintf '"'%s'" '{ "cniVersion": "1.0.0",\n "supportedVersions": ${hostLocalVersions} }' >/opt/cni/bin/host-local
  chmod +x /opt/cni/bin/*
`
const result = (pod: string, ...addresses: string[]) => `
  echo '{ "cniVersion": "1.0.0", "interfaces": [{ "name": "cni0", "mac": "aa:bb:cc:dd:ee:ff" }],
    "ips": [${addresses.map(address => `{ "interface": 2, "address": "${address}", "gateway": "10.0.0.1" }`).join(',\n')}],
    "routes": [{ "dst": "0.0.0.0/0" }] }' >/tmp/${pod}.json
`

/** Removes the titles of steps, which are also on stdout. */
const withoutTitle = (text: string) => text.replace(/^.*: TEST CASE: .*\n/gm, '')

for (const shell of SHELLS) {
  const name = shell.join(' ')

  test(`${name}: configures the newest CNI version that both plugins support`, t => {
    const script = `${plugins('["0.3.1","0.4.0","1.0.0","1.1.0"]', '["0.4.0", "1.0.0"]')}
      netns_test cni_bridge_configure && cat /etc/cni/10-bridge.conf`
    const { status, stdout, stderr } = inVm(shell, script)
    t.is(status, 0, stderr)
    t.true(stdout.startsWith('{'), stdout)
    t.regex(stdout, /"cniVersion": "1\.0\.0"[\s\S]*172\.16\.3\.0\/24[\s\S]*1000::1:ac10:300\/120/)
  })

  test(`${name}: reports plugins without a common version, and invalid answers`, t => {
    for (const [one, other] of [
      ['["0.4.0"]', '["1.0.0"]'],
      ['["1.0.0"]', '"1.0.0"'],
    ] as const) {
      const { status, stderr } = inVm(shell, `${plugins(one, other)} netns_test cni_bridge_configure`)
      t.is(status, 1)
      t.regex(stderr, /do not report their versions, or have none in common/)
    }
  })

  test(`${name}: pings the PODs' CNI addresses, and reports a silent one with its POD`, t => {
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

  test(`${name}: fails for results with one family or none, and for invalid or missing ones`, t => {
    const reasonFor = (text: string) => {
      const { status, stderr } = inVm(shell, `${text}\nNPODS=1 netns_test tcase_cni_bridge_ping`)
      t.is(status, 1)
      return stderr.split('FAILED: ')[1]?.trim()
    }
    const one = 'vm-003-ns01'
    t.is(reasonFor(result(one, '172.16.3.1/24')), `CNI gave ${one} no address of each family, but: 172.16.3.1`)
    t.is(reasonFor(result(one)), `CNI gave ${one} no address of each family, but:`)
    t.is(
      reasonFor(`echo '{ "code": 11, "msg": "no" }' >/tmp/${one}.json`),
      `${one}: invalid CNI result: {"code":11,"msg":"no"}`,
    )
    t.is(
      reasonFor(`echo '{ "ips": [{ "address":' >/tmp/${one}.json`),
      `${one}: invalid CNI result: {"ips":[{"address":`,
    )
    t.is(reasonFor(''), `no CNI result for ${one}`)
  })

  test(`${name}: calls DEL after a failed ADD, and the next ADD succeeds`, t => {
    const script = `${failing(`echo '{"msg":"no luck"}'; exit 5`)}
      netns_test tcase_cni_bridge_start; echo "exit $?"
      cat /run/calls; echo
      ls /run/taken-* /tmp/*.json /tmp/*.error
      netns_test exec vm-003-ns02 -- ip -br link
      netns_test tcase_cni_bridge_start || exit 8
      netns_test exec vm-003-ns02 -- ip -br link`
    const { status, stdout, stderr } = inVm(shell, script)
    t.is(status, 0, stderr)
    const [calls = '', left = ''] = stdout.split('\n\n')
    t.regex(calls, /exit 1\n(.*\n)*DEL vm-003-ns02 eth0$/)
    t.notRegex(calls, /DEL vm-003-ns01/)
    t.is(
      withoutTitle(left).replace(/^(lo|eth0) .*/gm, '$1'),
      '/run/taken-vm-003-ns01\n/tmp/vm-003-ns01.json\nlo\nlo\neth0\n',
    )
    t.regex(stderr, /FAILED: CNI ADD for vm-003-ns02: exit 5: \{"msg":"no luck"\}/)
    t.notRegex(stderr, /already exists|duplicate|DEL/)
  })

  test(`${name}: reports a failed DEL, and deletes the interface nevertheless`, t => {
    const script = `${failing(`echo '{"msg":"no luck"}'; exit 5`, `echo '{"msg":"not today"}'; exit 3`)}
      netns_test tcase_cni_bridge_start; netns_test exec vm-003-ns02 -- ip -br link; ls /tmp/*.json /tmp/*.error`
    const { stdout, stderr } = inVm(shell, script)
    t.regex(stderr, /CNI DEL for vm-003-ns02 after its failed ADD: exit 3: \{"msg":"not today"\}/)
    // The reason of the step is the ADD.
    t.regex(stderr.match(/FAILED: .*/g)?.at(-1) ?? '', /CNI ADD/)
    t.is(
      withoutTitle(stdout)
        .replace(/^CNI .*\n/, '')
        .replace(/^(lo|eth0) .*/gm, '$1'),
      'lo\n/tmp/vm-003-ns01.json\n',
    )
  })

  test(`${name}: undoes an interrupted ADD before the next one, and when its POD is deleted`, t => {
    // Waits for the other POD's ADD: nothing waits for it once its caller is gone.
    const other = 'n=300; until [ -e /run/added-vm-003-ns01 ] || [ $((n -= 1)) -eq 0 ]; do sleep 0.1; done'
    const cut = failing(`${other}; kill -9 "$(cat /run/parent)"; sleep 60`)
    const begin = `sh -c 'echo $$ >/run/parent; exec "$@"' sh ${shell.join(' ')} /run/ovl/bin/netns_test cni_bridge_start`
    const again = inVm(shell, `${cut}\n${begin}\nnetns_test cni_bridge_start && cat /run/calls`)
    t.is(again.status, 0, again.stderr)
    t.regex(again.stdout, /ADD vm-003-ns02 eth0\n(.*\n)*DEL vm-003-ns02 eth0\n(.*\n)*ADD vm-003-ns02 eth0\n/)
    const gone = inVm(shell, `${cut}\n${begin}\nnetns_test delete && ls /run/taken-* /tmp/*.json /tmp/*.error`)
    t.is(gone.stdout.replace(/^CNI .*\n/, ''), '', gone.stderr)
  })
}
