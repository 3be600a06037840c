import os from 'node:os'
import { infrastructureFailure } from '../errors/failure.ts'
import { withDeadline } from '../host/deadline.ts'
import { shortText } from '../host/text.ts'
import type { NodeFacts } from '../proof/facts.ts'
import type { Measurement } from '../proof/matrix.ts'
import type { Reach } from '../proof/reach.ts'
import { commonTargets, inputFor, largePacketsFor, neighborsFor, type Round, roundsOf } from '../proof/rounds.ts'
import { countRouted } from '../proof/routes.ts'
import { capture, type Node } from '../ssh/node.ts'
import { Semaphore } from '../ssh/semaphore.ts'

export interface MeasureRequest {
  readonly nodes: readonly Node[]
  readonly network: readonly NodeFacts[]
  readonly reach: Reach
  /** Until when what must answer and does not is tried again, on the clock of `performance.now()`. */
  readonly deadline: number
  readonly signal: AbortSignal
  /** Told of a node that had not answered when the signal was aborted. */
  onHung(node: Node): void
  /** Told how many of all pairs are measured whenever a node is done. */
  onProgress?(done: number, of: number): void
}

/**
 * VMs that ping at once. Each sends a packet a millisecond: where a hundred of them share two CPUs, most of those are spent on
 * switching between them. More than come up at once, since at its end each waits.
 */
const AT_ONCE = 4 * os.availableParallelism()
/** So many packets at once may be too many for an emulated CPU; fewer are not. */
const FLOOD = 16
/** How long deleting static neighbours may take after a failure or an interruption, in milliseconds. */
const CLEANING_MS = 10_000

/**
 * Lets all PODs ping: round by round where it has to be said whose an address is, else all at once. What must answer is tried again while there is time; what must not is tried once.
 * @throws Failure NO_MATRIX (exit 4) when a node cannot; the signal's reason when that is aborted
 */
export async function measure(request: MeasureRequest): Promise<readonly Measurement[]> {
  const { network, reach } = request
  const withPods = new Set(network.filter(({ pods }) => pods.length > 0).map(({ node }) => node))
  const nodes = request.nodes.filter(({ name }) => withPods.has(name))
  const rounds = roundsOf(reach, network)
  const neighbours = (round: Round, node: Node) => neighborsFor(network, reach, round, node.name)
  const pinned = rounds.filter(round => round.pinned)
  const unpin = async (limits: Pick<MeasureRequest, 'signal'> & Partial<Pick<MeasureRequest, 'onHung'>>) => {
    const all = (node: Node) => pinned.map(round => neighbours(round, node)).join('')
    await Promise.all(nodes.map(node => ask(node, ['static_neighbours', '--delete'], all(node), limits)))
  }
  const measured: Measurement[] = []
  try {
    for (const round of pinned) {
      await Promise.all(nodes.map(node => ask(node, ['static_neighbours'], neighbours(round, node), request)))
      measured.push(await ping(nodes, [round], request))
    }
    const free = rounds.filter(round => !round.pinned)
    if (free.length > 0) measured.push(await ping(nodes, free, request))
  } catch (error) {
    // The first error is the one to report.
    await withDeadline(CLEANING_MS, unpin).catch(() => {})
    throw error
  }
  await unpin(request)
  return measured
}

async function ping(nodes: readonly Node[], rounds: readonly Round[], request: MeasureRequest): Promise<Measurement> {
  const { network, reach, deadline, signal } = request
  const semaphore = new Semaphore(AT_ONCE)
  const counts = new Map(nodes.map(node => [node, countPairs(node, rounds, request)]))
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0)
  let done = 0
  let isFast = false
  const outputs = await Promise.all(
    nodes.map(node =>
      semaphore.use(async () => {
        signal.throwIfAborted()
        const seconds = Math.max(1, Math.floor((deadline - performance.now()) / 1000))
        const inputs = rounds.map(round => inputFor(network, reach, round, node.name))
        const input = inputs.join('') + largePacketsFor(network, reach, rounds, node.name)
        const pace = !isFast && isFlood(node, rounds, network) ? [] : ['--interval=0']
        const options = rounds.some(({ perPod }) => perPod) ? ['--pairs'] : []
        const text = await ask(node, ['matrix', ...options, `--within=${seconds}`, ...pace], input, request)
        isFast ||= showsFastCpus(text)
        done += counts.get(node) ?? 0
        if (all > 0) request.onProgress?.(done, all)
        return { node: node.name, text }
      }),
    ),
  )
  return { rounds, outputs }
}

/** An emulated CPU takes longer for each of the two ends of a round trip. */
const FAST_TRIP_MS = 0.15

/**
 * Whether packets need no pauses, by what a node measured: all its pings were answered at the first try, and on average at once.
 * @param text lines of `netns_test matrix`: `<pod> <address> <sent> <received> <min> <mean> <max>`
 */
export function showsFastCpus(text: string): boolean {
  let [count, sum] = [0, 0]
  for (const line of text.split('\n')) {
    const [, address, sent, received, , mean] = line.split(' ')
    if (received === undefined || address === '+') continue
    if (sent !== '1' || received !== '1') return false
    count += 1
    sum += Number(mean)
  }
  return count > 0 && sum / count < FAST_TRIP_MS
}

/** How many pairs begin at the PODs of a node in some rounds. */
function countPairs({ name }: Node, rounds: readonly Round[], { network }: MeasureRequest): number {
  const pods = network.find(({ node }) => node === name)?.pods ?? []
  const pinged = rounds.flatMap(round => commonTargets(network, round, name))
  return pods.length * pinged.length - pinged.filter(({ node }) => node === name).length
}

/**
 * Whether packets of a POD need pauses between them. Most of what must be silent has no route where nodes keep to themselves: pausing
 * for that, too, took most of the time that a hundred nodes need.
 */
function isFlood(node: Node, rounds: readonly Round[], network: readonly NodeFacts[]): boolean {
  const facts = network.find(one => one.node === node.name)
  if (!facts || rounds.every(({ expected, perPod }) => expected || perPod)) return true
  const pinged = rounds.flatMap(round => commonTargets(network, round, node.name))
  return countRouted(facts, pinged, FLOOD) >= FLOOD
}

/** Gives a command of `netns_test` its input, if there is any. */
async function ask(
  node: Node,
  words: readonly string[],
  input: string,
  { signal, onHung }: Pick<MeasureRequest, 'signal'> & Partial<Pick<MeasureRequest, 'onHung'>>,
): Promise<string> {
  if (!input) return ''
  const { exitCode, stdout, stderr } = await capture(node, ['netns_test', ...words], signal, input).catch(error => {
    if (signal.aborted) onHung?.(node)
    throw error
  })
  if (exitCode === 0) return stdout.toString()
  const said = shortText(stderr.toString())
  throw infrastructureFailure(
    'NO_MATRIX',
    `${node.name}: netns_test ${words[0]} ends with exit code ${exitCode}: ${said}`,
    { node: node.name },
  )
}
