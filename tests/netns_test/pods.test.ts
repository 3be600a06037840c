import test from 'ava'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { inVm, SHELLS } from './shell.ts'

needsUserNamespaces()

for (const shell of SHELLS) {
  const name = shell.join(' ')

  test(`${name}: creates, connects and addresses PODs, which answer`, t => {
    const script = `
      netns_test tcase_create_with_addresses && netns_test tcase_linux_bridge || exit 1
      netns_test exec vm-003-ns02 -- sh -c 'hostname; cd /proc/sys/net/ipv6/conf/eth0
        cat accept_dad accept_ra addr_gen_mode'
      cat /proc/sys/net/ipv6/conf/vm-003-ns02/accept_dad /proc/sys/net/ipv6/conf/vm-003-ns02/addr_gen_mode
      netns_test exec vm-003-ns02 ip -br address show
      netns_test exec vm-003-ns02 sh -c 'exit 7'; echo "exit $?"
      netns_test tcase_bridge_ping`
    const { status, stdout, stderr } = inVm(shell, script, { NPODS: '3' })
    t.is(status, 0, stderr)
    t.true(stdout.replaceAll(/^.*TEST CASE.*\n/gm, '').startsWith('vm-003-ns02\n0\n0\n1\n0\n1\n'), stdout)
    t.regex(
      stdout,
      /^lo +UNKNOWN +127\.0\.0\.1\/8 ::1\/128 *\neth0\S+ +UP +172\.16\.3\.2\/24 1000::1:ac10:302\/120 *$/m,
    )
    t.regex(stdout, /^exit 7$/m)
    t.regex(stdout, /^vm-003-ns03 1000::1:ac10:303 answers$/m)
    for (const stream of [stdout, stderr])
      t.regex(stream, /^ {2}\d\d:\d\d:\d\d \(vm-003\): TEST CASE: Ping PODs on the bridge$/m)
  })

  test(`${name}: reports a missing POD by name`, t => {
    const { status, stderr } = inVm(shell, 'netns_test exec vm-003-ns09 true', {})
    t.is(status, 1)
    t.regex(stderr, /vm-003-ns09/)
    const words = "'' . .. ../netns/vm-003-ns01"
    const others = inVm(
      shell,
      `netns_test create 1; for pod in ${words}; do netns_test exec "$pod" true; echo $?; done`,
    )
    t.is(others.stdout, '1\n1\n1\n1\n')
    t.regex(others.stderr, /^(netns_test: no POD '.*'\n){4}$/)
  })

  test(`${name}: create, veth and assign_addresses are idempotent, and delete leaves nothing`, t => {
    const script = `
      state() {
        ip -o link | cut -d: -f2 | cut -d@ -f1 | sort
        ls /var/run/netns /var/run/utsns 2>/dev/null
        sysctl -n net.core.devconf_inherit_init_net net.ipv6.conf.default.accept_dad 2>/dev/null
      }
      netns_test create 2 && netns_test veth 2 || exit 1
      state >/tmp/first
      netns_test create 2 && netns_test veth 2 || exit 1
      netns_test assign_addresses 2 && netns_test assign_addresses 2 || exit 1
      state >/tmp/second
      diff /tmp/first /tmp/second || exit 2
      netns_test delete 2 || exit 3
      state
      netns_test create 2 && netns_test veth 2 || exit 4
      state | diff /tmp/first - || exit 5`
    const { status, stdout, stderr } = inVm(shell, script)
    t.is(status, 0, `${stdout}${stderr}`)
    t.notRegex(stdout, /vm-003-ns/)
  })
}

test('create completes PODs that lack a namespace', t => {
  const script = `
    netns_test create 2 || exit 9
    umount /var/run/utsns/vm-003-ns01 /var/run/netns/vm-003-ns02
    netns_test create 2 || exit 8
    for pod in vm-003-ns01 vm-003-ns02; do
      netns_test exec $pod -- sh -c 'hostname; ip -br link show lo; cat /proc/sys/net/ipv6/conf/default/accept_dad'
    done`
  const { status, stdout, stderr } = inVm(SHELLS[0], script)
  t.is(status, 0, stderr)
  t.regex(stdout, /^vm-003-ns01\nlo +UNKNOWN .*\n1\nvm-003-ns02\nlo +UNKNOWN .*\n1\n$/)
})

test('a link that is down fails the ping, which reports the POD and its addresses only', t => {
  const script = `
    netns_test tcase_create_with_addresses && netns_test tcase_linux_bridge || exit 9
    netns_test exec vm-003-ns02 ip link set eth0 down
    netns_test tcase_bridge_ping`
  const { status, stderr } = inVm(SHELLS[0], script, { NPODS: '3' })
  t.is(status, 1)
  t.regex(stderr, /FAILED: no answer to ping: vm-003-ns02, address 172\.16\.3\.2$/m)
  t.regex(stderr, /FAILED: no answer to ping: vm-003-ns02, address 1000::1:ac10:302$/m)
  t.notRegex(stderr, /vm-003-ns0[13]/)
})

test('PODIF=hostname names the interface after the POD', t => {
  const script = 'netns_test create 1 && netns_test veth 1 && netns_test exec vm-003-ns01 ip -br link show vm-003-ns01'
  const { status, stdout } = inVm(SHELLS[0], script, { PODIF: 'hostname' })
  t.is(status, 0)
  t.regex(stdout, /^vm-003-ns01@\S+ +UP/)
})

test("takes distinct random addresses from the file, the nodes' first", t => {
  const script = `
    seq 254 -1 1 >/etc/rnd-addresses
    netns_test rndaddress_node 3; netns_test rndaddress_pods 3 4
    netns_test create 2 && netns_test veth 2 && netns_test assign_addresses --random 2 &&
      netns_test exec vm-003-ns02 ip -4 -br address show eth0`
  const { status, stdout, stderr } = inVm(SHELLS[0], `mount -t tmpfs etc /etc\n${script}`, { NPODS: '2' })
  t.is(status, 0, stderr)
  // The file counts down from 254. After four nodes with two PODs each, node 3's PODs are the ninth and tenth.
  t.regex(
    stdout,
    /^172\.16\.0\.252\/24\n1000::1:ac10:fc\/120\n172\.16\.0\.246\/24\n172\.16\.0\.245\/24\neth0\S+ +UP +172\.16\.0\.245\/24/,
  )
})

test('status prints PODs, interfaces, addresses and routes as JSON', t => {
  const script = 'netns_test create 2 && netns_test veth 2 && netns_test assign_addresses 2 && netns_test status --json'
  const { status, stdout, stderr } = inVm(SHELLS[0], script)
  t.is(status, 0, stderr)
  const { node, interfaces, routes, pods } = JSON.parse(stdout)
  t.is(node, 'vm-003')
  t.true(Array.isArray(routes))
  t.true(interfaces.some(({ ifname }: { ifname: string }) => ifname === 'vm-003-ns02'))
  t.deepEqual(
    pods.map(({ name }: { name: string }) => name),
    ['vm-003-ns01', 'vm-003-ns02'],
  )
  t.true(JSON.stringify(pods[1].interfaces).includes('"172.16.3.2"'))
  const destinations = pods[1].routes.map(({ dst }: { dst: string }) => dst)
  t.true(destinations.includes('172.16.3.0/24'))
  t.true(destinations.includes('1000::1:ac10:300/120'))
})

test('prerequisites reports kinds of interface that it cannot create, and leaves nothing', t => {
  const { status, stdout, stderr } = inVm(
    SHELLS[0],
    `netns_test prerequisites veth bridge; ls /sys/class/net | grep -c probe
     ip link add netns-probe-2 type bridge
     netns_test prerequisites veth; echo "exit $?"
     netns_test prerequisites token-ring; echo "exit $?"`,
  )
  t.is(status, 0, stderr)
  t.is(stdout, '0\nexit 1\nexit 2\n')
  t.regex(stderr, /lacks interfaces:veth/)
  t.regex(stderr, /unknown kind of interface 'token-ring'/)
})

for (const shell of SHELLS)
  test(`${shell.join(' ')}: reports a directory or an interface that blocks a POD`, t => {
    const { stderr, stdout } = inVm(
      shell,
      `mkdir -p /run/netns/vm-003-ns01
       netns_test create 1; echo "exit $?"
       rmdir /run/netns/vm-003-ns01; ip link add vm-003-ns01 type bridge
       netns_test create 1; netns_test veth 1; echo "exit $?"
       ip link delete vm-003-ns01; netns_test veth 1; echo "exit $?"`,
    )
    t.is(stdout, 'exit 1\nexit 1\nexit 0\n', stderr)
    t.regex(stderr, /create: \/var\/run\/netns\/vm-003-ns01 is in the way/)
    t.regex(stderr, /veth: cannot set up eth0 in vm-003-ns01: .*interface vm-003-ns01 .*ip link delete vm-003-ns01/)
  })

for (const shell of SHELLS) {
  test(`${shell.join(' ')}: status is valid JSON with control characters in interface names`, t => {
    const script = `
ip link add "$(printf 'a\\033\\001b')" type bridge || exit 77
netns_test status --json`
    const { status, stdout, stderr } = inVm(shell, script)
    if (status === 77) return t.log('this kernel has no bridges')
    t.is(status, 0, stderr)
    const names = JSON.parse(stdout).interfaces.map(({ ifname }: { ifname: string }) => ifname)
    t.true(names.includes('a\u001b\u0001b'), names.join())
  })
}
