import test from 'ava'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { inVm, SHELLS } from './shell.ts'

needsUserNamespaces()

/** Writes a node's /etc/profile, in the program's tree. */
const profile = (lines: string) => `mkdir -p /run/ovl/etc; printf '%s\\n' ${lines} >/run/ovl/etc/profile\n`

for (const shell of SHELLS) {
  const name = shell.join(' ')

  test(`${name}: /etc/profile takes precedence over the caller's environment, and that over defaults`, t => {
    const script = `${profile("'export NPODS=2 TZ=AAA-9' 'NAME_PREFIX=x-'")}
      netns_test name
      __nvm=7 TZ=UTC netns_test compute_address --family=4 vm-001-ns01
      TZ=UTC netns_test tcase_create >/tmp/said; sed 's/^  \\(..\\).*/\\1/' /tmp/said; TZ=AAA-9 date +%H
      rm /run/ovl/etc/profile; netns_test for`
    const { status, stdout, stderr } = inVm(shell, script, { NPODS: '3', NAME_PREFIX: 'y-' })
    t.is(status, 0, stderr)
    const [one, two, address, said, now, ...numbers] = stdout.trim().split('\n')
    t.deepEqual([one, two, address], ['x-vm-003-ns01', 'x-vm-003-ns02', '172.16.1.1/24'])
    t.true(said === now || Number(now) - Number(said) === 1, `${said} ${now}`)
    t.deepEqual(numbers, ['1', '2', '3'])
  })

  test(`${name}: ignores the caller's and the node's values of internal variables`, t => {
    const own =
      'IFS=v multi=/x mounts=/x netns_real=/x random_numbers=1 random_stride=1 in_tcase=no loaded=pods print=x'
    const script = `${profile(`'export ${own}'`)}
      mount -t tmpfs etc /etc && seq 254 -1 1 >/etc/rnd-addresses
      netns_test create && netns_test veth && netns_test assign_addresses --random && netns_test rndaddress_pods 3 4
      netns_test create x; echo "exit $?"`
    const { stdout, stderr } = inVm(shell, script, { NPODS: '1' })
    t.is(stdout, '172.16.0.248/24\nexit 2\n', stderr)
    t.notRegex(stderr, /FAILED/)
  })

  test(`${name}: leading options set variables, and variables can replace options`, t => {
    const script = `
      netns_test create --verbose --dry-run=x 1 && netns_test veth 1 || exit 9
      mount -t tmpfs etc /etc && seq 254 -1 1 >/etc/rnd-addresses
      __nvm=4 NPODS=1 netns_test assign_addresses --random 1
      __family=6 netns_test compute_address vm-001-ns01
      netns_test exec --verbose vm-003-ns01 ip -4 -br address show eth0
      netns_test compute_address vm-001-ns01 --family=6; echo "exit $?"`
    const { stdout, stderr } = inVm(shell, script)
    t.regex(stdout, /^1000::1:ac10:101\/120\neth0\S+ +UP +172\.16\.0\.248\/24 *\nexit 2\n$/, stderr)
  })

  test(`${name}: exec runs a shell by default, splits a command line in one word, and mounts the POD's own /sys`, t => {
    const script = `
      netns_test create 1 && ip link add only-here type bridge || exit 9
      echo 'hostname; exit 3' | netns_test exec vm-003-ns01; echo "exit $?"
      netns_test exec vm-003-ns01 'echo a  b *'
      netns_test exec vm-003-ns01 -- sh -c 'echo "$1"' sh 'a  b'
      netns_test exec vm-003-ns01 ls /sys/class/net
      netns_test exec vm-003-ns01 sh -c 'kill -9 $$'; echo "exit $?"
      ls /sys/class/net | grep only-here`
    const { status, stdout, stderr } = inVm(shell, script)
    t.is(status, 0, stderr)
    t.is(stdout, 'vm-003-ns01\nexit 3\na b *\na  b\nlo\nexit 137\nonly-here\n')
  })

  test(`${name}: assign_bridge_address sets up a device of any kind with the node's address, without DAD`, t => {
    const script = `
      ip link add one type veth peer name other && ip link set other up
      netns_test assign_bridge_address one && netns_test assign_bridge_address one || exit 9
      cat /proc/sys/net/ipv6/conf/one/accept_dad; ip -br address show one
      netns_test create 1 && netns_test veth 1 && netns_test exec vm-003-ns01 ${shell.join(' ')} /run/ovl/bin/netns_test assign_bridge_address eth0 || exit 8
      netns_test exec vm-003-ns01 ip -4 -br address show eth0
      nsenter --net=/run/netns/vm-003-ns01 ${shell.join(' ')} /run/ovl/bin/netns_test assign_bridge_address one; echo "exit $?"`
    const { stdout, stderr } = inVm(shell, script)
    const [dad, device, inPod, missing] = stdout.trim().split('\n')
    t.is(dad, '0', stderr)
    t.regex(device ?? '', /^one@other +UP +172\.16\.3\.0\/24 1000::1:ac10:300\/120 /)
    t.regex(inPod ?? '', /^eth0\S+ +UP +172\.16\.3\.0\/24/)
    t.is(missing, 'exit 1')
    t.regex(stderr, /no device 'one'/)
  })

  test(`${name}: moves a port's addresses with their prefix lengths to the bridge $BR`, t => {
    const script = `
      ip link add eth1 type veth peer name x && ip link set x up && ip link set eth1 up
      ip address add 192.168.1.3/24 dev eth1 && ip address add 1000::1:192.168.1.3/120 dev eth1 nodad
      export BR=mine
      netns_test tcase_create_with_addresses && netns_test tcase_linux_bridge && netns_test tcase_attach_eth_to_bridge &&
        netns_test tcase_attach_eth_to_bridge && netns_test tcase_default_route || exit 9
      ip -o address show dev mine scope global | awk '{ print $4 }' | sort
      ip -br address show dev eth1 | awk '{ print $3, $4 }'
      for family in -4 -6; do ip -n vm-003-ns01 $family route show default; done`
    const { status, stdout, stderr } = inVm(shell, script, { NPODS: '1' })
    t.is(status, 0, stderr)
    const lines = stdout.split('\n').filter(line => !line.includes('TEST CASE'))
    t.deepEqual(lines.slice(0, 4), ['1000::1:ac10:300/120', '1000::1:c0a8:103/120', '172.16.3.0/24', '192.168.1.3/24'])
    t.regex(lines[4] ?? '', /^( |fe80::\S+ )$/)
    t.regex(lines[5] ?? '', /^default via 172\.16\.3\.0 dev eth0/)
    t.regex(lines[6] ?? '', /^default via 1000::1:ac10:300 dev eth0/)
  })
}
