import test from 'ava'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { inVm, netnsTest, SHELLS } from './shell.ts'

needsUserNamespaces()

for (const shell of SHELLS) {
  test(`${shell.join(' ')}: refuses wrong arguments without side effects`, t => {
    for (const [words, says] of [
      [['add_ipvlan'], /expects a device/],
      [['add_ipvlan', 'lo', 'l4'], /no mode 'l4' \(known: l2 l3 l3s\)/],
      [['add_macvlan', 'lo', 'l2'], /no mode 'l2' \(known: bridge private vepa passthru\)/],
      [['create_vlans'], /at least one interface/],
      [['create_vlans', 'lo'], /'lo' is not an interface with a VLAN/],
      [['create_vlans', 'lo.4095'], /1 to 4094/],
      [['xnetns'], /at least one interface/],
      [['xbridge', 'br2'], /a bridge and an interface/],
      [['set_default_route', 'br0'], /takes no arguments/],
      [['matrix', '--within=x'], /invalid number of seconds 'x'/],
      [['matrix', 'all'], /targets on its input/],
      [['status', '--xml'], /--json/],
      [['tcase_bridge_ping', 'br0'], /tcase_bridge_ping: takes no arguments/],
    ] as const) {
      const { status, stdout, stderr } = netnsTest(shell, words)
      t.deepEqual([status, stdout], [2, ''], words.join(' '))
      t.regex(stderr, says)
    }
    for (const [words, says] of [
      [['setup_routes', '--net=255'], /invalid net number '255'/],
      [['setup_routes', 'eth1'], /takes no arguments/],
      [['setup_overlay', '--type=gre'], /no type 'gre' \(known: ip6tnl vxlan\)/],
      [['delete', '0x1'], /count '0x1'/],
    ] as const) {
      const { status, stderr } = inVm(shell, `netns_test ${words.join(' ')}`)
      t.is(status, 2, words.join(' '))
      t.regex(stderr, says)
    }
    for (const [words, says] of [
      [['add_ipvlan', 'eth9'], /no device 'eth9'/],
      [['create_vlans', 'eth9.100'], /no interface 'eth9'/],
      [['xnetns', 'eth9'], /no interface 'eth9'/],
      [['xbridge', 'br2', 'eth9'], /no interface 'eth9'/],
      [['set_default_route', '--bridge=br9'], /no device 'br9'/],
      [['tcase_attach_eth_to_bridge'], /no bridge br0/],
    ] as const) {
      const { status, stderr } = inVm(shell, `netns_test ${words.join(' ')}`)
      t.is(status, 1, words.join(' '))
      t.regex(stderr, says)
    }
  })

  test(`${shell.join(' ')}: adds default routes to the PODs via the bridge or via the node`, t => {
    const script = `
      netns_test tcase_create_with_addresses && netns_test tcase_linux_bridge && netns_test tcase_default_route || exit 1
      for family in -4 -6; do netns_test exec vm-003-ns02 ip $family route show default; done
      netns_test exec vm-003-ns02 ip route del default
      netns_test set_default_route && netns_test exec vm-003-ns02 ip route show default`
    const { status, stdout, stderr } = inVm(shell, script, { NPODS: '2' })
    t.is(status, 0, stderr)
    const [four, six, again] = stdout.split('\n').filter(line => line.startsWith('default'))
    t.regex(four ?? '', /^default via 172\.16\.3\.0 dev eth0/)
    t.regex(six ?? '', /^default via 1000::1:ac10:300 dev eth0/)
    t.is(again, four)
  })

  test(`${shell.join(' ')}: adds routes to the PODs of every other node, idempotently`, t => {
    const script = `
      ip link add eth1 type veth peer name x && ip link set eth1 up && ip link set x up
      ip address add 192.168.1.3/24 dev eth1 && ip address add 1000::1:192.168.1.3/120 dev eth1 nodad
      netns_test setup_routes && netns_test setup_routes || exit 1
      ip route show via 192.168.1.4; ip route | grep -c 172.16; ip -6 route show via 1000::1:192.168.1.1`
    const { status, stdout, stderr } = inVm(shell, script, { __nvm: '4' })
    t.is(status, 0, stderr)
    t.regex(stdout, /^172\.16\.4\.0\/24 dev eth1 *\n3\n1000::1:ac10:100\/120 dev eth1 /)
  })
}

test('setup_routes reports routes that it cannot add', t => {
  const { status, stderr } = inVm(SHELLS[0], 'netns_test setup_routes', { __nvm: '4' })
  t.is(status, 1)
  t.regex(stderr, /setup_routes: cannot add some routes/)
})

const MATRIX = `
  netns_test tcase_create_with_addresses && netns_test tcase_linux_bridge || exit 9
  targets() { for n in 1 2 3; do echo "vm-003-ns0$n 172.16.3.$n 1000::1:ac10:30$n"; done; }
  `

for (const shell of SHELLS) {
  for (const [how, hide] of [
    ['by fping', ''],
    ['by ping where there is no fping', 'mount --bind /dev/null "$(command -v fping)"'],
  ])
    test(`${shell.join(' ')}: pings the others' addresses from each POD, and counts silent ones, ${how}`, t => {
      const script = `${MATRIX}
      ${hide}
      {
        targets
        echo '!vm-003-ns08 172.16.3.98 172.16.3.97'
        echo '!vm-003-ns09 172.16.3.99 172.16.3.250'
      } | { ip address add 172.16.3.250/24 dev br0; netns_test matrix --within=5; }; ls /tmp`
      const { status, stdout, stderr } = inVm(shell, script, { NPODS: '3' })
      t.is(status, 0, stderr)
      const lines = stdout.split('\n')
      const answered = lines.filter(line => /^vm-003-ns0\d \S+ \d+ 1 [\d.]+ [\d.]+ [\d.]+$/.test(line))
      t.is(answered.length, 3 * 2 * 2 + 3, stdout)
      t.is(new Set(answered.map(line => line.split(' ', 2).join(' '))).size, 15)
      t.is(answered.filter(line => line.includes('172.16.3.250')).length, 3, 'what is to be silent and answers')
      t.false(answered.some(line => line.startsWith('vm-003-ns01 172.16.3.1 ')))
      t.deepEqual(
        lines.filter(line => line.includes('!')),
        ['vm-003-ns01', 'vm-003-ns02', 'vm-003-ns03'].map(pod => `${pod} ! 3`),
      )
      t.notRegex(stdout, /netns-matrix/, 'nothing is left in /tmp')
    })
}

test('counts addresses that start to answer later', t => {
  const script = `${MATRIX}
    netns_test exec vm-003-ns02 ip link set eth0 down
    { sleep 2; netns_test exec vm-003-ns02 sh -c 'ip link set eth0 up; ip address add 1000::1:ac10:302/120 dev eth0 nodad'; } &
    targets | netns_test matrix`
  const { status, stdout, stderr } = inVm(SHELLS[0], script, { NPODS: '3' })
  t.is(status, 0, stderr)
  t.regex(stdout, /^vm-003-ns01 172\.16\.3\.2 [2-9] 1 [\d.]+ /m)
  t.regex(stdout, /^vm-003-ns02 1000::1:ac10:301 [2-9] 1 [\d.]+ /m)
  t.is(stdout.split('\n').filter(line => / \d+ 1 [\d.]+ /.test(line)).length, 12, stdout)
})

test('--within limits the time for retries', t => {
  const script = `${MATRIX}
    netns_test exec vm-003-ns02 ip link set eth0 down
    read -r begun _ </proc/uptime; targets | netns_test matrix --within=1 | grep -c ' 0 - - -'; read -r ended _ </proc/uptime
    [ $((\${ended%.*} - \${begun%.*})) -lt 6 ]`
  const { status, stdout } = inVm(SHELLS[0], script, { NPODS: '3' })
  t.is(status, 0, stdout)
  t.regex(stdout, /^8$/m)
})

test('mode passthru works with one macvlan on a device only', t => {
  const script = `
    ip link add eth1 type bridge && netns_test create 2 || exit 9
    NPODS=2 netns_test add_macvlan eth1 passthru; echo "exit $?"
    NPODS=1 netns_test add_macvlan eth1 passthru && netns_test exec vm-003-ns01 ip -d link show eth0 | grep -o 'macvlan mode passthru'
    ls /sys/class/net | grep -c macvlan`
  const { stdout, stderr } = inVm(SHELLS[0], script)
  t.is(stdout, 'exit 2\nmacvlan mode passthru\n0\n', stderr)
  t.regex(stderr, /mode passthru works with one POD only/)
})

for (const shell of SHELLS)
  test(`${shell.join(' ')}: fails if it cannot enter a POD to ping from`, t => {
    const { status, stdout, stderr } = inVm(shell, 'netns_test tcase_xbridge_ping br2', { NPODS: '2' })
    t.is(status, 1)
    t.notRegex(stdout, /reach each other/)
    t.regex(stderr, /FAILED: xbridge_ping: cannot ping in br2-vm-003-ns01/)
  })
