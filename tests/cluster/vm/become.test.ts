import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'
import test from 'ava'
import { identityMessage } from '../../../scripts/cluster/own/identity.ts'
import { makeKeys } from '../../../scripts/cluster/own/keys.ts'
import { needsUserNamespaces } from '../../needs-user-namespaces.ts'

needsUserNamespaces()

const PROGRAM = path.resolve(import.meta.dirname, '../../../scripts/cluster/vm/guest/root/etc/netns/become.pl')

/** Loads become.pl's functions with a `fail` that only ends this perl. */
const PERL = `use Socket; require $ARGV[0]; no warnings; *main::fail = sub { print "failed @_\\n"; exit 1 };
  socket my $inet, AF_INET, SOCK_DGRAM, 0 or die; socket my $inet6, AF_INET6, SOCK_DGRAM, 0 or die;`

/** Runs a script in a network namespace with eth0 and eth1. */
function inNetwork(script: string, input: string | Buffer = '') {
  const setUp = 'for n in 0 1; do ip link add eth$n type veth peer name p$n && ip link set p$n up || exit 9; done'
  const words = ['--user', '--map-root-user', '--net', '--mount', '--pid', '--fork', 'sh', '-c', `${setUp}\n${script}`]
  const { status, stdout, stderr } = spawnSync('unshare', [...words, 'sh', PROGRAM, PERL], {
    input,
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  })
  return { status, stdout: stdout.toString(), stderr: stderr.toString() }
}

const plan = { number: 7, name: 'vm-007', role: 'worker', memoryMiB: 256, cpus: 1, nets: [0, 3] } as const
const identity = (bareNets: readonly number[]) =>
  identityMessage(
    plan,
    {
      keys: makeKeys(),
      environment: { FOO: "it's" },
      prefix: '1000::1',
      ovls: 1,
      rndAddresses: '2\n1\n',
      nodes: [plan],
      hosts: '127.0.0.1 localhost\n',
      bareNets,
      alsoForwarding: [],
    },
    false,
  )

/** Reads the identity message as the guest does, and configures the interfaces. */
const BECOME = `perl -e "$2 read STDIN, my \\$length, 4; read STDIN, my \\$text, unpack('N', \\$length);
  my %identity = read_identity(\\$text); print qq(\\$identity{hostname} \\$identity{environment});
  set_interfaces(\\$identity{interfaces}, \\$inet, \\$inet6)" "$1"`

test('has valid syntax', t => {
  t.notThrows(() => execFileSync('perl', ['-c', PROGRAM], { stdio: 'pipe' }))
})

test('sets MAC and IP addresses and prefix lengths, and leaves interfaces without addresses down', t => {
  const { status, stdout, stderr } = inNetwork(`${BECOME} && ip -j address`, identity([3]))
  t.is(status, 0, stderr)
  const [line = '', json = ''] = stdout.split(/\n(?=\[)/)
  t.is(line, "vm-007 export FOO='it'\\''s'")
  const interfaces: {
    ifname: string
    address: string
    flags: string[]
    addr_info: { local: string; prefixlen: number; scope: string }[]
  }[] = JSON.parse(json)
  const of = (name: string) => {
    const found = interfaces.find(({ ifname }) => ifname === name)
    const addresses = found?.addr_info
      .filter(({ scope }) => scope === 'global')
      .map(one => `${one.local}/${one.prefixlen}`)
    return [found?.address, found?.flags.includes('UP'), addresses]
  }
  t.deepEqual(of('eth0'), ['00:00:00:01:00:07', true, ['192.168.0.7/24', '1000::1:c0a8:7/120']])
  t.deepEqual(of('eth1'), ['00:00:00:01:03:07', false, []])
})

test('configures addresses on every interface, and reports a missing one by name', t => {
  const all = inNetwork(`${BECOME} && ip -br address show dev eth1`, identity([]))
  t.regex(all.stdout, /eth1\S* +UP +192\.168\.3\.7\/24 1000::1:c0a8:307\/120/)
  const missing = inNetwork(`ip link delete eth1; ${BECOME}`, identity([]))
  t.is(missing.status, 1)
  t.regex(missing.stdout, /failed no interface eth1 for net 3: /)
})

test('reports an address that the kernel refuses, with its interface', t => {
  const refused = inNetwork(
    `perl -e "$2 set_interfaces('0 00:00:00:01:00:07 192.168.0.7 255.255.255.0 ff02::1 120', \\$inet, \\$inet6)" "$1"`,
  )
  t.is(refused.status, 1, refused.stderr)
  t.regex(refused.stdout, /failed cannot set the IPv6 address of eth0: /)
})
