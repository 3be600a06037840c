import { setTimeout as delay } from 'node:timers/promises'
import type { Background, Command, Place } from '../../cases/command.ts'
import { testFailure } from '../../errors/failure.ts'
import { shortText } from '../../host/text.ts'
import { capture } from '../../ssh/node.ts'
import type { BackgroundTask, CommandPlace, TestRun } from '../test-run.ts'
import { wordsOf } from './command.ts'
import { matchesText } from './expected.ts'
import { placesOf, wordsIn } from './places.ts'

/** Directories on the nodes, one for each process. */
const DIRECTORY = '/run/netns-test'
const POLL_MS = 100

/** Starts the command as the leader of a session of its own, so that its children can be ended with it. */
const START = `d=$1; shift; mkdir -p "$d" && : >"$d/log" && rm -f "$d/pid" "$d/status" || exit
setsid sh -c 'd=$1; shift; echo $$ >"$d/pid.part"; mv "$d/pid.part" "$d/pid"; "$@"; echo $? >"$d/status"' \\
	sh "$d" "$@" </dev/null >"$d/log" 2>&1 &
n=0; until [ -s "$d/pid" ]; do n=$((n + 1)); [ "$n" -lt 100 ] || exit 1; sleep 0.1; done`
/** Prints the exit status if it has ended, whether a file exists, the sockets that listen, and the output. */
const LOOK = `d=$1; echo "status $(cat "$d/status" 2>/dev/null)"
[ -z "$2" ] || [ ! -e "$2" ] || echo exists
[ -z "$3" ] || cat "/proc/net/$3" "/proc/net/$36" 2>/dev/null; echo; cat "$d/log"`
/** Prints the output once all have ended. */
const END = `d=$1; pid=$(cat "$d/pid") || exit 0; echo "status $(cat "$d/status" 2>/dev/null)"
[ -s "$d/status" ] || { kill -TERM "-$pid"; n=0; while kill -0 "-$pid" 2>/dev/null; do
n=$((n + 1)); [ "$n" -lt 20 ] || { kill -KILL "-$pid"; break; }; sleep 0.1; done; }
cat "$d/log"; rm -rf "$d"`

interface BackgroundRequest extends Place, Background {
  readonly name: string
  readonly command: Command
  readonly environment?: Readonly<Record<string, string>>
}

let started = 0

/**
 * Starts a command in the background.
 * @throws Failure BACKGROUND_NOT_READY (exit 1); NOTHING_SELECTED (exit 1)
 */
export async function startBackground(request: BackgroundRequest, run: TestRun, signal: AbortSignal) {
  const { name, command, environment } = request
  const places = await placesOf(request, run, signal)
  const task: BackgroundTask = { name, places, directory: `${DIRECTORY}/${process.pid}-${++started}` }
  run.background.push(task)
  const words = wordsOf(command, environment)
  await Promise.all(
    places.map(async place => {
      const script = ['sh', '-c', START, 'sh', directoryOf(task, place), ...wordsIn(place, words)]
      const { exitCode, stderr } = await capture(place.node, script, signal)
      if (exitCode !== 0) throw notReady(place, name, `it did not start: ${shortText(stderr.toString())}`)
      await waitUntilReady(request, task, place, signal)
    }),
  )
  return task
}

const directoryOf = ({ directory }: BackgroundTask, { name }: CommandPlace) => `${directory}/${name.replace('/', '_')}`

async function waitUntilReady(
  { line, port, file }: Background,
  task: BackgroundTask,
  place: CommandPlace,
  signal: AbortSignal,
): Promise<void> {
  const socket = port === undefined ? undefined : readPort(port)
  const look = ['sh', '-c', LOOK, 'sh', directoryOf(task, place), file ?? '', socket?.protocol ?? '']
  for (;;) {
    const { stdout } = await capture(place.node, wordsIn(place, look), signal)
    const [head = '', ...rest] = stdout.toString().split('\n')
    const gap = rest.indexOf('')
    const [facts, output] = [rest.slice(0, gap), rest.slice(gap + 1).join('\n')]
    const status = head.slice('status '.length)
    if (
      (line === undefined || matchesText(line, output)) &&
      (file === undefined || facts.includes('exists')) &&
      (socket === undefined || facts.some(fact => listens(fact, socket)))
    )
      return
    const last = shortText(output.trim().split('\n').at(-1) ?? '')
    if (status) throw notReady(place, task.name, `it exited with status ${status}${last && `: ${last}`}`)
    await delay(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

interface Socket {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
}

/** @param port `80`, `tcp/80` or `udp/53`, checked before */
function readPort(port: number | string): Socket {
  const [first = '', second] = String(port).split('/')
  return { protocol: second !== undefined && first === 'udp' ? 'udp' : 'tcp', port: Number(second ?? first) }
}

/** TCP_LISTEN in a line of /proc/net/tcp; a UDP socket has no such state. */
const LISTEN = '0A'

function listens(line: string, { protocol, port }: Socket): boolean {
  const [, local = '', , state] = line.trim().split(/\s+/)
  return (
    local.endsWith(`:${port.toString(16).toUpperCase().padStart(4, '0')}`) && (protocol === 'udp' || state === LISTEN)
  )
}

const notReady = ({ name, node }: CommandPlace, task: string, why: string) =>
  testFailure('BACKGROUND_NOT_READY', `${name}: '${task}' in the background is not ready: ${why}`, { node: node.name })

interface EndedBackground {
  readonly where: string
  readonly node: string
  readonly stdout: string
  /** Its exit status if it had ended before. */
  readonly status: number | undefined
}

/** Ends a command in the background, with its children. */
export async function endBackground(
  task: BackgroundTask,
  run: TestRun,
  signal: AbortSignal,
): Promise<readonly EndedBackground[]> {
  const position = run.background.indexOf(task)
  if (position >= 0) run.background.splice(position, 1)
  return await Promise.all(
    task.places.map(async place => {
      const words = ['sh', '-c', END, 'sh', directoryOf(task, place)]
      const { stdout } = await capture(place.node, words, signal)
      const [head = '', ...lines] = stdout.toString().split('\n')
      const status = head.slice('status '.length)
      return {
        where: place.name,
        node: place.node.name,
        stdout: lines.join('\n'),
        status: status ? Number(status) : undefined,
      }
    }),
  )
}
