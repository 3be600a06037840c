import path from 'node:path'
import process from 'node:process'
import { type Row, time } from './measure.ts'

const NETNS = path.resolve(import.meta.dirname, '../netns.ts')
const NAME = 'pods'
const RUNS = 3
/** Of PODs, to see how the time grows. */
const FEW = 50
const MANY = 250
/** An emulated VM translates what it runs for the first time: neither way is to pay for that. */
const WARM_UP = 5
/** Seconds since the VM came up, in hundredths. */
const UPTIME = 'cut -d" " -f1 /proc/uptime'

/** PODs made, wired, addressed and bridged in one VM: by `netns_test`, and by a process for each operation. */
export function pods(environment: Readonly<Record<string, string>>): readonly Row[] {
  time([NETNS, 'test', 'start', '--nvm=1', '--no-stop', '--name', NAME], environment)
  try {
    const inVm = (script: string) =>
      time([NETNS, 'exec', '--name', NAME, 'vm-001', '--', 'sh', '-c', script], environment).stdout
    const measured = (make: string, away: string) => {
      process.stderr.write('.')
      // By the VM's clock: what it takes to get there is no part of it.
      const [from = 0, to = 0] = inVm(`set -e; ${UPTIME}\n{\n${make}\n} >&2\n${UPTIME}`)
        .split('\n')
        .map(seconds => Number(seconds) * 1000)
      inVm(away)
      return to - from
    }
    const ours = (count: number) => measured(byUs(count), `netns_test delete ${count}; ip link delete br9`)
    const theirs = (count: number) => measured(oneProcessPerOperation(count), oneAwayAfterTheOther(count))
    ours(WARM_UP)
    theirs(WARM_UP)
    // In turn, so that what else the machine does falls on all of them.
    const rounds = Array.from({ length: RUNS }, () => ({
      few: [ours(FEW), ours(FEW), ours(FEW)],
      theirs: theirs(FEW),
      many: ours(MANY),
    }))
    const few = rounds.flatMap(round => round.few)
    return [
      {
        what: `${FEW} PODs: made, wired, addressed, bridged, in one VM`,
        ours: few,
        insteadOf: 'one process for each operation',
        theirs: rounds.map(round => round.theirs),
      },
      {
        what: `${MANY} PODs, in the same VM`,
        ours: rounds.map(round => round.many),
        insteadOf: `${MANY / FEW} times the time for ${FEW}`,
        theirs: few.map(milliseconds => (milliseconds * MANY) / FEW),
      },
    ]
  } finally {
    time([NETNS, 'stop', '--name', NAME], environment)
  }
}

const byUs = (count: number) =>
  `netns_test create ${count} && netns_test veth ${count} && netns_test assign_addresses ${count} && ip link add br9 type bridge && netns_test connect_to_bridge br9 ${count}`

const oneProcessPerOperation = (count: number) => `
ip link add br8 type bridge
mkdir -p /var/run/utsns
for n in $(seq 1 ${count}); do
  p=old$n
  ip netns add $p
  touch /var/run/utsns/$p
  unshare --uts=/var/run/utsns/$p hostname $p
  ip netns exec $p ip link set lo up
  ip link add $p type veth peer name peer$n
  ip link set peer$n netns $p
  ip netns exec $p ip link set peer$n name eth0
  for s in accept_dad=0 accept_ra=0 addr_gen_mode=1; do
    sysctl -q -w net.ipv6.conf.$p.$s
    ip netns exec $p sysctl -q -w net.ipv6.conf.eth0.$s
  done
  ip link set $p up
  ip netns exec $p ip link set eth0 up
  ip netns exec $p ip address add 10.9.0.$n/24 dev eth0
  ip netns exec $p ip address add fd00::$n/64 dev eth0
  ip link set $p master br8
done
`

const oneAwayAfterTheOther = (count: number) => `
for n in $(seq 1 ${count}); do
  ip link delete old$n
  umount /var/run/utsns/old$n
  ip netns delete old$n
done
ip link delete br8
`
