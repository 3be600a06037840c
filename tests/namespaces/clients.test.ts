import fs from 'node:fs'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { program } from './program.ts'

/** Uses of `netns_test` by other ovls, each on a fresh node. */
async function inFreshVm(t: ExecutionContext, script: string) {
  const { run, state } = program(t)
  const started = await run('test', 'start_empty', '--nvm=1', '--no-stop')
  t.is(started.status, 0, started.stderr)
  fs.writeFileSync(path.join(state, 'client'), `set -x\n${script}`)
  t.is((await run('cp', 'client', 'vm-001:/run/client')).status, 0)
  return await run('exec', 'vm-001', '--', 'sh', '/run/client')
}

test("a switch other than a Linux bridge gets the node's address, and PODs as its ports", async t => {
  // As with Open vSwitch: the switch has a device of its own in the VM, which is down, and ports that are connected by
  // its own means.
  const { status, stdout, stderr } = await inFreshVm(
    t,
    `
    ip link add switch type bridge && ip link set switch up
    ip link add ovs-br0 type veth peer name internal && ip link set internal up master switch
    netns_test create 3 && netns_test veth 3 && netns_test assign_addresses 3 || exit 9
    for pod in $(netns_test name 3); do ip link set dev $pod master switch; done
    netns_test connect_to_bridge ovs-br0 3 2>/run/refused && exit 8
    netns_test assign_bridge_address ovs-br0 || exit 7
    cat /proc/sys/net/ipv6/conf/ovs-br0/accept_dad
    ip -br address show dev ovs-br0
    for address in $(netns_test address_pods 1 4 | head -3) $(netns_test address_pods 1 6 | head -3); do
      ping -c 1 -W 5 "\${address%/*}" >/dev/null && echo "$address answers"
    done
    netns_test exec vm-001-ns01 ping -c 1 -W 5 172.16.1.0 >/dev/null && echo 'the POD reaches the node'
    cat /run/refused`,
  )
  t.is(status, 0, stderr)
  const [dad, device, ...lines] = stdout.trim().split('\n')
  t.is(dad, '0')
  t.regex(device ?? '', /^ovs-br0@internal +UP +172\.16\.1\.0\/24 .*1000::1:ac10:100\/120/)
  t.deepEqual(lines.slice(0, -1), [
    ...[1, 2, 3].map(pod => `172.16.1.${pod}/24 answers`),
    ...[1, 2, 3].map(pod => `1000::1:ac10:10${pod}/120 answers`),
    'the POD reaches the node',
  ])
  t.regex(lines.at(-1) ?? '', /no bridge 'ovs-br0'/)
})

/** A router advertisement (RFC 4861) for fd01::/64 on a device, in perl. RAs are valid only with hop limit 255. */
const ADVERTISE = `
  use Socket qw(AF_INET6 SOCK_RAW inet_pton pack_sockaddr_in6);
  socket my $raw, AF_INET6, SOCK_RAW, 58 or die "socket: $!";
  my $index = do { open my $file, '<', "/sys/class/net/br0/ifindex" or die; <$file> } + 0;
  setsockopt $raw, 41, 18, pack 'i', 255 or die "hops: $!";
  setsockopt $raw, 41, 17, pack 'i', $index or die "device: $!";
  my $prefix = pack 'CCCCNNNa16', 3, 4, 64, 0xc0, 3600, 1800, 0, inet_pton AF_INET6, 'fd01::';
  my $to = pack_sockaddr_in6 0, inet_pton(AF_INET6, 'ff02::1'), $index;
  send $raw, pack('CCnCCnNN', 134, 0, 0, 64, 0, 1800, 0, 0) . $prefix, 0, $to or die "send: $!";`

/**
 * A DHCPv6 server (RFC 8415) on br0: answers a client's Solicit with the next address of fd02::/64, its Request with
 * the lease.
 */
const SERVE = `
  use Socket qw(AF_INET6 SOCK_DGRAM inet_pton pack_sockaddr_in6);
  socket my $server, AF_INET6, SOCK_DGRAM, 17 or die "socket: $!";
  my $index = do { open my $file, '<', "/sys/class/net/br0/ifindex" or die; <$file> } + 0;
  bind $server, pack_sockaddr_in6 547, inet_pton AF_INET6, '::' or die "bind: $!";
  setsockopt $server, 41, 20, inet_pton(AF_INET6, 'ff02::1:2') . pack 'i', $index or die "join: $!";
  sub option { my ($code, $value) = @_; pack('nn', $code, length $value) . $value }
  my (%address, $count);
  while (my $client = recv $server, my $message, 2000, 0) {
    my ($type, $transaction) = unpack 'Ca3', $message;
    my %option = unpack '(n n/a)*', substr $message, 4;
    my $address = $address{$option{1}} //= inet_pton AF_INET6, sprintf 'fd02::1:%d', ++$count;
    my $lease = option 5, $address . pack 'NN', 3600, 7200;
    my $association = option 3, substr($option{3}, 0, 4) . pack('NN', 1800, 2880) . $lease;
    send $server, pack('Ca3', $type == 1 ? 2 : 7, $transaction) . option(1, $option{1}) . option(2, pack 'nna6', 3, 1, 'server') . $association, 0, $client;
  }`

test('PODs can use SLAAC, DHCP and DHCPv6: create leaves SLAAC and duplicate address detection enabled', async t => {
  const { status, stdout, stderr } = await inFreshVm(
    t,
    `
    netns_test create 2 || exit 9
    ip link add br0 type bridge && ip link set br0 up && ip address add 10.7.0.1/24 dev br0 || exit 8
    for pod in $(netns_test name 2); do
      ip link add $pod type veth peer name eth0 netns $pod && ip link set $pod up master br0 && ip -n $pod link set eth0 up || exit 7
    done
    netns_test exec vm-001-ns01 cat /proc/sys/net/ipv6/conf/eth0/accept_ra /proc/sys/net/ipv6/conf/eth0/accept_dad
    printf '%s\\n' 'interface br0' 'start 10.7.0.100' 'end 10.7.0.200' 'lease_file /run/leases' 'option subnet 255.255.255.0' >/run/udhcpd.conf
    : >/run/leases
    busybox udhcpd /run/udhcpd.conf || exit 6
    printf '%s\\n' '#!/bin/sh' '[ "$1" != bound ] || ip address add "$ip/24" dev "$interface"' >/run/bound && chmod +x /run/bound
    printf '%s\\n' '#!/bin/sh' 'echo "$MARK: $1 $ipv6" >>/run/events; exec /usr/share/udhcpc/default.script "$@"' >/run/bound6 && chmod +x /run/bound6
    cat >/run/advertise <<'EOF'
${ADVERTISE}
EOF
    cat >/run/serve <<'EOF'
${SERVE}
EOF
    perl /run/serve &
    # A link-local address is not used before it has been looked for.
    tries=30
    until perl /run/advertise && [ "$(for pod in $(netns_test name 2); do ip -n $pod -6 -br address show to fd01::/64; done | wc -l)" -eq 2 ]; do
      tries=$((tries - 1))
      [ $tries -gt 0 ] || exit 5
      sleep 1
    done
    for pod in $(netns_test name 2); do
      netns_test exec $pod busybox udhcpc -i eth0 -s /run/bound -n -q -t 20 -T 1 >&2 || exit 4
      ip -n $pod -br address show dev eth0
    done
    for pod in $(netns_test name 2); do
      # Its link-local address is tentative when the client starts.
      ip -n $pod link set eth0 down
      MARK=mine netns_test exec $pod udhcpc6 -i eth0 -s /run/bound6 -n -q -t 20 -T 1 >&2 || exit 3
      netns_test exec $pod udhcpc6 -i none -s /run/bound6 && exit 2
    done
    cat /run/events
    pgrep dhclient >&2 && exit 1
    peer=$(ip -n vm-001-ns02 -4 -br address show dev eth0 | awk '{ print $3 }')
    netns_test exec vm-001-ns01 ping -c 1 -W 5 "\${peer%/*}" >/dev/null && echo 'PODs reach each other'`,
  )
  t.is(status, 0, stderr)
  const [ra, dad, ...lines] = stdout.trim().split('\n')
  t.deepEqual([ra, dad], ['1', '1'])
  for (const line of lines.slice(0, 2)) t.regex(line, /^eth0\S+ +UP +10\.7\.0\.1\d\d\/24 fd01::\S+\/64 fe80::/)
  const leases = [1, 2].flatMap(pod => ['mine: deconfig ', `mine: bound fd02::1:${pod}`])
  t.deepEqual(lines.slice(2), [...leases, 'PODs reach each other'])
})
