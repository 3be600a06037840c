import test from 'ava'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { inVm, netnsTest, SHELLS } from './shell.ts'

needsUserNamespaces()

const PODS = 'netns_test tcase_create_with_addresses && netns_test tcase_linux_bridge || exit 9'
/** A tcpdump that fails, as without the permission to capture, in the first directory of the program's PATH. */
const NO_CAPTURES = `
  mount -t tmpfs bin /usr/local/sbin && printf '%s\\n' '#!/bin/sh' '[ "$1" != --help ] || exit 0' \
    'echo "tcpdump: not allowed here" >&2' 'exit 1' >/usr/local/sbin/tcpdump && chmod +x /usr/local/sbin/tcpdump || exit 9`
const UNPACK = 'mkdir /run/evidence && tar -xf /run/evidence.tar -C /run/evidence && cd /run/evidence || exit 9'

for (const shell of SHELLS) {
  test(`${shell.join(' ')}: evidence contains the state of the node and of the requested PODs`, t => {
    const script = `${PODS}
      printf 'pod vm-003-ns01\\npod vm-003-ns77\\nend\\n' | netns_test evidence >/run/evidence.tar || exit 9
      ${UNPACK}
      find . -type f | sort; cat vm-003/notes.txt vm-003-ns01/routes.txt vm-003/fdb.txt; ls /tmp`
    const { status, stdout, stderr } = inVm(shell, script, { NPODS: '2' })
    t.is(status, 0, stderr)
    for (const file of ['addresses', 'fdb', 'kernel', 'neighbours', 'nftables', 'routes'])
      t.true(stdout.includes(`./vm-003/${file}.txt\n`), file)
    for (const file of ['addresses', 'neighbours', 'nftables', 'routes'])
      t.true(stdout.includes(`./vm-003-ns01/${file}.txt\n`), file)
    t.notRegex(stdout, /capture|vm-003-ns02\/|netns-evidence/)
    t.regex(stdout, /^there is no POD vm-003-ns77$/m)
    t.regex(stdout, /^172\.16\.3\.0\/24 dev eth0 /m)
    t.regex(stdout, /dev vm-003-ns01 master br0/)
  })

  test(`${shell.join(' ')}: evidence contains the repeated pings, and the reason for missing captures`, t => {
    const script = `${PODS}
      ${NO_CAPTURES}
      netns_test exec vm-003-ns02 ip link set eth0 down
      printf 'pod vm-003-ns01\\nping vm-003-ns01 172.16.3.2\\nend\\ngo\\nstop\\n' |
        netns_test evidence --capture >/run/evidence.tar || exit 9
      ${UNPACK}
      find . -name 'capture*'; cat vm-003/notes.txt vm-003-ns01/ping.txt vm-003-ns01/neighbours.txt`
    const { status, stdout, stderr } = inVm(shell, script, { NPODS: '2' })
    t.is(status, 0, stderr)
    t.regex(stderr, /^ready\npinged$/m)
    t.regex(stdout, /^tcpdump does not capture in vm-003-ns01: tcpdump: not allowed here$/m)
    t.regex(stdout, /172\.16\.3\.2 [\s\S]*100% packet loss/)
    t.regex(stdout, /^172\.16\.3\.2 dev eth0 .*(INCOMPLETE|FAILED)/m)
    t.notRegex(stdout, /capture\./)
  })

  test(`${shell.join(' ')}: adds and deletes static neighbours`, t => {
    const script = `${PODS}
      lines() { for a in 172.16.3.2 1000::1:ac10:302; do echo "vm-003-ns01 eth0 $a 02:00:00:00:00:01"; done; }
      lines | netns_test static_neighbours || exit 9
      netns_test exec vm-003-ns01 ip neigh; netns_test exec vm-003-ns01 ping -c 1 -W 1 172.16.3.2 >/dev/null && exit 8
      lines | netns_test static_neighbours --delete || exit 9
      netns_test exec vm-003-ns01 ping -c 1 -W 1 172.16.3.2 >/dev/null || exit 7
      echo 'vm-003-ns01 eth9 172.16.3.2 02:00:00:00:00:01' | netns_test static_neighbours`
    const { status, stdout, stderr } = inVm(shell, script, { NPODS: '2' })
    t.is(status, 1, stderr)
    t.is(stdout.match(/dev eth0 lladdr 02:00:00:00:00:01 PERMANENT/g)?.length, 2)
    t.regex(stderr, /static_neighbours: cannot add some entries/)
  })

  test(`${shell.join(' ')}: matrix --pairs pings from each POD the addresses on its lines`, t => {
    const script = `${PODS}
      printf 'vm-003-ns01 172.16.3.2\\nvm-003-ns03 172.16.3.1 1000::1:ac10:301\\nvm-004-ns01 172.16.3.1\\n' |
        netns_test matrix --pairs --within=2`
    const { status, stdout, stderr } = inVm(shell, script, { NPODS: '3' })
    t.is(status, 0, stderr)
    const pairs = stdout.match(/^vm-00\d-ns0\d \S+ \d+ 1 /gm)?.map(line => line.split(' ').slice(0, 2).join(' '))
    t.deepEqual(pairs?.sort(), ['vm-003-ns01 172.16.3.2', 'vm-003-ns03 1000::1:ac10:301', 'vm-003-ns03 172.16.3.1'])
  })

  test(`${shell.join(' ')}: evidence refuses invalid lines and POD names`, t => {
    t.is(netnsTest(shell, ['evidence', '--all']).status, 2)
    t.is(netnsTest(shell, ['static_neighbours', '--all']).status, 2)
    for (const line of ['pod ../x', 'pod', 'look vm-003-ns01', 'ping /etc 10.0.0.1', 'pod a/../b']) {
      const script = `echo '${line}' | netns_test evidence; code=$?; ls /tmp; exit $code`
      const { status, stdout, stderr } = inVm(shell, script)
      t.is(status, 1, line)
      t.is(stdout, '', line)
      t.regex(stderr, /evidence: (invalid POD name|'.* is neither )/, line)
    }
  })
}
