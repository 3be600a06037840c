import type { NodeShell } from '../runtime/shell.ts'

/** Pings between containers that stay attached, or from the node to one, while others are attached and detached. */
export interface Traffic {
  /** `resident 1 to resident 2` */
  readonly between: string
  readonly sent: number
  readonly lost: number
}

export interface RunningTraffic {
  /** Ends it and counts the packets. */
  end(): Promise<Traffic>
}

/** $1: container, or empty for the node; $2: address. Prints the process, once an answer has come. */
const START = `
enter() { if [ -n "$pod" ]; then exec ip netns exec "$pod" "$@"; else exec "$@"; fi; }
pod=$1
(enter ping -q -n -c 2 -i 0.2 -W 1 "$2") >/dev/null 2>&1 || exit 1
(enter setsid ping -q -n -i 0.01 "$2") >/tmp/traffic 2>&1 </dev/null &
echo $!
`
const END = `
kill -INT "$1"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	grep transmitted /tmp/traffic && exit
	sleep 0.1
done
exit 1
`

/**
 * Starts pings, 100 each second, from the first of several sources that gets an answer.
 * @returns undefined if none does
 */
export async function startTraffic(
  shell: NodeShell,
  routes: readonly { readonly between: string; readonly pod: string; readonly address: string }[],
): Promise<RunningTraffic | undefined> {
  for (const { between, pod, address } of routes) {
    const { exitCode, stdout } = await shell.run(['sh', '-c', START, 'sh', pod, address])
    if (exitCode !== 0) continue
    return { end: () => endTraffic(shell, between, stdout.toString().trim()) }
  }
  return undefined
}

async function endTraffic(shell: NodeShell, between: string, pid: string): Promise<Traffic> {
  const { stdout } = await shell.run(['sh', '-c', END, 'sh', pid])
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(stdout.toString()) ?? []
  if (sent === undefined) throw new Error(`${shell.name}: ping did not report its packets`)
  return { between, sent: Number(sent), lost: Number(sent) - Number(received) }
}
