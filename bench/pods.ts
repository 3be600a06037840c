import path from 'node:path'
import process from 'node:process'
import { type Row, time } from './measure.ts'

const NETNS = path.resolve(import.meta.dirname, '../netns.ts')
const NAME = 'pods'
const RUNS = 3
const FEW = 50
const MANY = 250
/** PODs of the warm-up: an emulated VM translates code on its first use. */
const WARM_UP = 5
/** Seconds since boot, with two decimals. */
const UPTIME = 'cut -d" " -f1 /proc/uptime'

/** Creates PODs with addresses on a bridge in one VM: by `netns_test`, and by one process for each operation. */
export function pods(environment: Readonly<Record<string, string>>): readonly Row[] {
  time([NETNS, 'test', 'start', '--nvm=1', '--no-stop', '--name', NAME], environment)
  try {
    const inVm = (script: string) =>
      time([NETNS, 'exec', '--name', NAME, 'vm-001', '--', 'sh', '-c', script], environment).stdout
    const measure = (create: string, remove: string) => {
      process.stderr.write('.')
      // By the VM's clock, without the time of the login.
      const [from = 0, to = 0] = inVm(`set -e; ${UPTIME}\n{\n${create}\n} >&2\n${UPTIME}`)
        .split('\n')
        .map(seconds => Number(seconds) * 1000)
      inVm(remove)
      return to - from
    }
    const netnsTest = (count: number) => measure(byNetnsTest(count), `netns_test delete ${count}; ip link delete br9`)
    const processes = (count: number) => measure(oneProcessPerOperation(count), deleteOneByOne(count))
    netnsTest(WARM_UP)
    processes(WARM_UP)
    // Alternating, so that other load on the machine affects all of them.
    const rounds = Array.from({ length: RUNS }, () => ({
      few: [netnsTest(FEW), netnsTest(FEW), netnsTest(FEW)],
      processes: processes(FEW),
      many: netnsTest(MANY),
    }))
    const few = rounds.flatMap(round => round.few)
    return [
      {
        label: `${FEW} PODs in one VM, with addresses, on a bridge`,
        times: few,
        baseline: 'one process for each operation',
        baselineTimes: rounds.map(round => round.processes),
      },
      {
        label: `${MANY} PODs in the same VM`,
        times: rounds.map(round => round.many),
        baseline: `${MANY / FEW} times the time for ${FEW}`,
        baselineTimes: few.map(milliseconds => (milliseconds * MANY) / FEW),
      },
    ]
  } finally {
    time([NETNS, 'stop', '--name', NAME], environment)
  }
}

const byNetnsTest = (count: number) =>
  `netns_test create ${count} && netns_test veth ${count} && netns_test assign_addresses ${count} &&
  ip link add br9 type bridge && netns_test connect_to_bridge br9 ${count}`

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

const deleteOneByOne = (count: number) => `
for n in $(seq 1 ${count}); do
  ip link delete old$n
  umount /var/run/utsns/old$n
  ip netns delete old$n
done
ip link delete br8
`
