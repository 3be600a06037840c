import test from 'ava'
import { inVm } from './shell.ts'

/** PODs a and b of node 3 on a bridge, with addresses of both families; b has ports besides. */
const PODS = `
mkdir -p /var/run/netns
ip link add name xbr type bridge
ip link set dev xbr up
for pod in a b; do
	ip netns add $pod
	ip -n $pod link set lo up
	ip link add name v$pod type veth peer name eth0 netns $pod
	ip link set dev v$pod master xbr
	ip link set dev v$pod up
	ip -n $pod link set eth0 up
done
ip -n a address add 10.0.0.1/24 dev eth0; ip -n a address add fd00::1/64 dev eth0 nodad
ip -n b address add 10.0.0.2/24 dev eth0; ip -n b address add fd00::2/64 dev eth0 nodad
printf 'a 10.0.0.1,fd00::1 tcp/80 udp/53\\nb 10.0.0.2,fd00::2 tcp/80 udp/53\\n' | netns_test probe start 60 || exit
probe() {
	count=0
	while read -r line; do
		[ -z "$line" ] || echo "a probe $count $line"
		count=$((count + 1))
	done | netns_test probe run || exit
}
`

/** Runs probes from a, and ends the probers. */
const probe = (prepare: string, probes: readonly string[], more = '') => {
  const { status, stdout, stderr } = inVm(
    ['dash'],
    `${PODS}\n${prepare}\nprobe <<EOF\n${probes.join('\n')}\nEOF\n${more}\nnetns_test probe stop; ls /run/netns-probe 2>&1`,
  )
  // Times vary.
  const lines = stdout.split('\n').map(line => line.replace(/ \d+\.\d{3}$/, ' <ms>'))
  return { status, stderr, lines: lines.slice(1, -2), first: lines[0], left: lines.at(-2) }
}

test('a reply names the POD that sent it, over TCP, UDP and ICMP of both families', t => {
  const { lines, stderr, first, left } = probe('', [
    'tcp 10.0.0.2 80 reply plain 0',
    'tcp fd00::2 80 reply plain 0',
    'udp 10.0.0.2 53 reply plain 0',
    'udp fd00::2 53 reply plain 0',
    'icmp 10.0.0.2 0 reply plain 0',
    'icmp fd00::2 0 reply plain 0',
    'tcp 10.0.0.1 80 reply plain 0',
  ])
  t.deepEqual(
    lines,
    [
      'a 0 reply vm-003 b <ms>',
      'a 1 reply vm-003 b <ms>',
      'a 2 reply vm-003 b <ms>',
      'a 3 reply vm-003 b <ms>',
      'a 4 reply - - <ms>',
      'a 5 reply - - <ms>',
      'a 6 reply vm-003 a <ms>',
      'a end 0',
    ],
    stderr,
  )
  t.is(first, '2 ready')
  t.regex(left ?? '', /No such file/)
})

const RULES = `ip netns exec b nft -f - <<EOF
table inet t {
	chain i {
		type filter hook input priority 0
		tcp dport 80 drop
		tcp dport 81 reject with tcp reset
		tcp dport 82 reject with icmpx type admin-prohibited
		tcp dport 83 reject with icmpx type port-unreachable
		udp dport 53 reject with icmpx type admin-prohibited
		udp dport 54 reject with icmpx type no-route
		udp dport 55 drop
	}
}
EOF`

test('tells a drop, a reset, and the kinds of ICMP errors apart, and who sent them', t => {
  const probes = ['10.0.0.2', 'fd00::2'].flatMap(to => [
    `tcp ${to} 80 silent plain 0`,
    `tcp ${to} 81 refused plain 0`,
    `tcp ${to} 82 refused plain 0`,
    `tcp ${to} 83 refused plain 0`,
    `udp ${to} 53 refused plain 0`,
    `udp ${to} 54 refused plain 0`,
    `udp ${to} 55 blocked plain 0`,
    `udp ${to} 56 refused plain 0`,
  ])
  const { lines, stderr } = probe(RULES, probes)
  const expected = ['10.0.0.2', 'fd00::2'].flatMap((from, index) =>
    [
      'silent 2',
      'refused reset - 0',
      `refused admin-prohibited ${from} 0`,
      `refused port-unreachable ${from} 0`,
      `refused admin-prohibited ${from} 0`,
      `refused net-unreachable ${from} 0`,
      'silent 3',
      `refused port-unreachable ${from} 0`,
    ].map((text, position) => `a ${index * 8 + position} ${text}`),
  )
  t.deepEqual(lines, [...expected, 'a end 0'], stderr)
})

test('says that a probe did not leave the POD: no route, a rule of its own, no neighbor', t => {
  const own = `ip netns exec a nft 'add table inet t; add chain inet t o { type filter hook output priority 0; }'
ip netns exec a nft 'add rule inet t o tcp dport 80 drop; add rule inet t o udp dport 53 drop'`
  const { lines, stderr } = probe(own, [
    'tcp 10.1.0.1 80 silent plain 0',
    'udp fd01::1 53 silent plain 0',
    'tcp 10.0.0.2 80 silent plain 0',
    'udp 10.0.0.2 53 silent plain 0',
    'tcp 10.0.0.77 81 silent plain 0',
  ])
  const dropped = lines.pop()
  t.is(dropped, 'a end 0', stderr)
  t.deepEqual(lines.slice(0, 4), [
    'a 0 unsent ENETUNREACH',
    'a 1 unsent ENETUNREACH',
    'a 2 unsent dropped',
    'a 3 unsent EPERM',
  ])
  t.regex(lines[4] ?? '', /^a 4 unsent (dropped|EHOSTUNREACH)$/)
})

test('measures the path MTU, and whether it was announced; transfers and fragments', t => {
  const probes = ['icmp 10.0.0.2 0 reply mtu 1500', 'icmp fd00::2 0 reply mtu 1500']
  const whole = probe('', [...probes, 'tcp 10.0.0.2 80 reply bulk 3000000', 'udp fd00::2 53 reply fragmented 4000'])
  t.deepEqual(
    whole.lines,
    ['a 0 mtu 1500 0 -', 'a 1 mtu 1500 0 -', 'a 2 reply vm-003 b <ms>', 'a 3 reply vm-003 b <ms>', 'a end 0'],
    whole.stderr,
  )
  // A bridge does not say that a packet is too large.
  const narrow = probe('ip link set dev vb mtu 1400; ip -n b link set dev eth0 mtu 1400', [
    ...probes,
    'udp 10.0.0.2 53 silent size 1401',
    'udp fd00::2 54 refused size 1400',
  ])
  t.deepEqual(
    narrow.lines.map(line => line.replace(/silent \d/, 'silent')),
    ['a 0 mtu 1400 0 -', 'a 1 mtu 1400 0 -', 'a 2 silent', 'a 3 refused port-unreachable fd00::2 0', 'a end 0'],
    narrow.stderr,
  )
})

test('counts connections that break while they are held', t => {
  const more = `printf 'a hold 0 10.0.0.2 80 2\\na hold 1 10.0.0.1 80 1\\n' | netns_test probe hold
ip link set dev vb down; sleep 4.5
echo 'a release' | netns_test probe release`
  const { lines, stderr } = probe('', ['tcp 10.0.0.2 80 reply plain 0'], more)
  t.deepEqual(
    lines.slice(2).map(line => line.replace(/ \d+ (silent|-)$/, ' <pings> $1')),
    [
      'a 3 held of 3',
      'a end 0',
      'a 0 vm-003 b <pings> silent',
      'a 0 vm-003 b <pings> silent',
      'a 1 vm-003 a <pings> -',
      'a end 0',
    ],
    stderr,
  )
})

test('a prober that cannot run is an error with its reason', t => {
  const taken = probe(
    `netns_test probe stop; ip netns exec b perl -MSocket -e 'socket S, AF_INET, SOCK_STREAM, 0;
bind S, pack_sockaddr_in(80, INADDR_ANY); listen S, 1; fork and exit; close STDOUT; close STDERR; sleep 9'
printf 'b 10.0.0.2 tcp/80\\n' | netns_test probe start; echo status $?`,
    [],
  )
  t.regex(taken.stderr, /probe: b: tcp\/80 of IPv4: Address already in use/)
  const gone = probe('netns_test probe stop', ['tcp 10.0.0.2 80 reply plain 0'])
  t.not(gone.status, 0)
  t.regex(gone.stderr, /probe: a: its prober does not run/)
})
