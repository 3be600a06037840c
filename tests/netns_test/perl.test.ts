import test from 'ava'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { inVm, SHELLS, WITHOUT_PERL } from './shell.ts'

needsUserNamespaces()

/** Everything that creation sets, and nothing that differs from run to run. */
const STATE = `
  for pod in vm-003-ns01 vm-003-ns12; do
    in_pod() { nsenter --net=/var/run/netns/$pod --uts=/var/run/utsns/$pod "$@"; }
    in_pod hostname
    in_pod ip -o address show | tr -s ' '
    in_pod ip -o link show | sed 's|NO-CARRIER,||; s|ether .*||; s|state.*||'
    in_pod ip route show table all | sort
    in_pod ip -6 route show table all | sort
    in_pod sh -c 'cd /proc/sys/net/ipv6/conf && cat eth0/accept_dad eth0/accept_ra eth0/addr_gen_mode default/accept_dad'
  done
  ls /var/run/netns /var/run/utsns
  hostname; ip -o link show | cut -d: -f2 | sort`

for (const shell of SHELLS) {
  const name = shell.join(' ')
  const create = (prologue: string, environment = {}) =>
    inVm(
      shell,
      `${prologue}
      netns_test create 12 && netns_test veth 12 && netns_test assign_addresses 12 && netns_test assign_addresses 12 || exit
      ${STATE}`,
      environment,
    )

  test(`${name}: creates the same PODs with and without Perl`, t => {
    const [quick, slow] = [create(':'), create(`${WITHOUT_PERL}; command -v perl >&2`)]
    t.is(quick.status, 0, quick.stderr)
    t.is(slow.status, 0, slow.stderr)
    t.is(slow.stderr, '', 'no Perl, no error')
    t.regex(quick.stdout, /inet 172\.16\.3\.12\/24 scope global eth0/)
    t.regex(quick.stdout, /inet6 1000::1:ac10:30c\/120 scope global/)
    t.is(quick.stdout, slow.stdout)
  })

  test(`${name}: starts Perl for many PODs on an emulated CPU, and for a few on others`, t => {
    const starts = (line: string) => `
      echo 'quiet ${line} console=ttyS0' >/run/cmdline && mount --bind /run/cmdline /proc/cmdline
      for count in 4 12; do
        rm -f /run/started
        netns_test create $count && netns_test veth $count && netns_test delete $count || exit
        [ ! -e /run/started ] || echo "${line}: Perl for $count"
      done`
    const { status, stdout, stderr } = inVm(
      shell,
      `cp "$(command -v perl)" /run/perl
      printf '#!/bin/sh\ntouch /run/started\nexec /run/perl "$@"\n' >/run/recording && chmod +x /run/recording
      mount --bind /run/recording "$(command -v perl)"
      ${starts('emulated=yes')}
      ${starts('emulated=no')}`,
    )
    t.is(status, 0, stderr)
    t.is(stdout, 'emulated=yes: Perl for 12\nemulated=no: Perl for 4\nemulated=no: Perl for 12\n')
  })

  for (const [how, prologue] of [
    ['with Perl', ':'],
    ['without Perl', WITHOUT_PERL],
  ] as const) {
    test(`${name}, ${how}: reports the POD whose interface is missing`, t => {
      const { status, stderr } = inVm(
        shell,
        `${prologue}
        netns_test create 3 && netns_test veth 3 || exit 9
        nsenter --net=/var/run/netns/vm-003-ns02 ip link set eth0 name other
        netns_test assign_addresses 3`,
      )
      t.is(status, 1)
      t.regex(stderr, /^netns_test: assign_addresses: cannot assign 172\.16\.3\.2\S* to eth0 in vm-003-ns02$/m)
    })

    test(`${name}, ${how}: a POD that cannot be created is reported, and leaves no files`, t => {
      const { status, stdout, stderr } = inVm(
        shell,
        `${prologue}
        netns_test create 1 || exit 9
        echo 2 >/proc/sys/user/max_uts_namespaces 2>/dev/null
        netns_test create 3; echo "exit $?"
        ls /var/run/netns /var/run/utsns`,
      )
      t.is(status, 0, stderr)
      t.is(stdout, 'exit 1\n/var/run/netns:\nvm-003-ns01\n\n/var/run/utsns:\nvm-003-ns01\n')
      t.regex(stderr, /^netns_test: create: cannot create vm-003-ns02$/m)
    })
  }
}

test('assigns valid addresses only', t => {
  const configure = (address: string) =>
    inVm(
      ['dash'],
      `netns_test create 1 && netns_test veth 1 || exit 9
      echo "vm-003-ns01 eth0 - ${address}" | perl /run/ovl/usr/lib/netns/pods.pl configure /var/run/netns
      echo "exit $?"
      nsenter --net=/var/run/netns/vm-003-ns01 ip -o address show dev eth0 | sed 's/.*inet6* //; s/ .*//'`,
    )
  for (const address of ['10.0.0.1/8', 'fd00::1/64', '2001:db8:1:2:3:4:5:6/128', 'fd00::a:10.0.0.1/96', '1::/16'])
    t.is(configure(address).stdout, `exit 0\n${address.replace('a:10.0.0.1', 'a:a00:1')}\n`)
  for (const address of [
    '10.0.0.256/8',
    '10.0.0/8',
    'fd00::1::2/64',
    'fd00::g/64',
    '1:2:3:4:5:6:7/64',
    '1::2:3:4:5:6:7:8:9/64',
  ])
    t.is(configure(address).stdout, `vm-003-ns01 eth0 - ${address}\nexit 1\n`)
})
