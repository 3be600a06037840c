import { shellScript } from '../../host/shell-script.ts'
import type { Bench } from '../bench.ts'
import { Inapplicable } from '../violation.ts'

const SCRIPT = shellScript(import.meta.dirname, 'traffic.pl')

/** Starts a server in the container, which answers each connection, and counts what it receives. */
const SERVE = `ip netns exec "$1" perl -e "$2" serve "$3" </dev/null >/dev/null 2>&1 &
for _ in 1 2 3 4 5 6 7 8 9 10; do
	ip netns exec "$1" perl -e "$2" send 127.0.0.1 "$3" 0 >/dev/null && exit 0
	sleep 0.1
done
echo 'the server in the container did not start' >&2
exit 1`

/**
 * Starts the server in a container.
 * @throws Inapplicable on a node without Perl
 */
async function serve(bench: Bench, pod: string, port: string): Promise<void> {
  const { exitCode } = await bench.run('command -v perl')
  if (exitCode !== 0) throw new Inapplicable('the node has no Perl to send and count traffic')
  await bench.mustRun(SERVE, pod, SCRIPT, port)
}

/**
 * Whether a connection from outside the node to a port of the node reaches a server in the container. A container
 * without a route to the outside is reached from the node.
 */
export async function reply(bench: Bench, pod: string, port: number, hostPort: number): Promise<boolean> {
  await serve(bench, pod, String(port))
  const script = `address=$(ip -4 -oneline address show dev eth1 | awk '{ sub(/\\/.*/, "", $4); print $4 }')
    ! ip -netns "$1" route get 192.168.1.254 >/dev/null 2>&1 || set -- "$@" ip netns exec outside
    script=$2 port=$3
    shift 3
    "$@" perl -e "$script" send "$address" "$port" 0`
  const { exitCode, stdout, stderr } = await bench.run(script, pod, SCRIPT, String(hostPort))
  bench.note(`connection to port ${hostPort} of the node`, `${stdout}${stderr}`)
  return exitCode === 0
}

/** Measures the rate from the node to a container, in bits per second. */
export async function rateTo(bench: Bench, pod: string, address: string, bytes: number): Promise<number> {
  const port = '9000'
  await serve(bench, pod, port)
  const seconds = Number(await bench.mustRun('perl -e "$2" send "$1" "$3" "$4"', address, SCRIPT, port, String(bytes)))
  const rate = (bytes * 8) / Math.max(seconds, 1e-6)
  bench.note('traffic to the container', `${bytes} bytes in ${seconds} s: ${(rate / 1e6).toFixed(1)} Mbit/s`)
  return rate
}
