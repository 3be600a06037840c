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

interface MeasureRequest {
  readonly nodes: readonly Node[]
  readonly network: readonly NodeFacts[]
  readonly reach: Reach
  /** Whether PODs drop their neighbor entries as soon as they have pinged. */
  readonly flushNeighbors?: boolean
  /** When to stop retrying pairs that must answer, on the clock of `performance.now()`. */
  readonly deadline: number
  readonly signal: AbortSignal
  /** Called for a node that had not answered when the signal was aborted. */
  onHung(node: Node): void
  /** Called with the number of measured pairs when a node is done. */
  onProgress?(done: number, of: number): void
}

/**
 * How many nodes ping at once. Each sends a packet per millisecond; a hundred on two CPUs would mostly switch contexts.
 * More than boot at once, because each waits at its end.
 */
export const AT_ONCE = 4 * os.availableParallelism()
/** The number of packets that may be too many at once for an emulated CPU. */
const FLOOD = 16
/** Limit for deleting static neighbors after a failure or an interruption. */
const CLEANING_MS = 10_000

/**
 * Pings from all PODs: in rounds if an address needs a pinned neighbor, otherwise all at once. Retries pairs that must
 * answer until the deadline; pings others once.
 * @throws Failure NO_MATRIX (exit 4) when the command fails on a node; the signal's reason when that is aborted
 */
export async function measure(request: MeasureRequest): Promise<readonly Measurement[]> {
  const { network, reach } = request
  const withPods = new Set(network.filter(({ pods }) => pods.length > 0).map(({ node }) => node))
  const nodes = request.nodes.filter(({ name }) => withPods.has(name))
  const rounds = roundsOf(reach, network)
  const entriesOf = (round: Round, node: Node) => neighborsFor(network, reach, round, node.name)
  const pinned = rounds.filter(round => round.pinned)
  const unpin = async (limits: Pick<MeasureRequest, 'signal'> & Partial<Pick<MeasureRequest, 'onHung'>>) => {
    const all = (node: Node) => pinned.map(round => entriesOf(round, node)).join('')
    await Promise.all(nodes.map(node => ask(node, ['static_neighbours', '--delete'], all(node), limits)))
  }
  const measured: Measurement[] = []
  try {
    for (const round of pinned) {
      await Promise.all(nodes.map(node => ask(node, ['static_neighbours'], entriesOf(round, node), request)))
      measured.push(await ping(nodes, [round], request))
    }
    const free = rounds.filter(round => !round.pinned)
    if (free.length > 0) measured.push(await ping(nodes, free, request))
  } catch (error) {
    // The first error is reported.
    await withDeadline(CLEANING_MS, unpin).catch(() => {})
    throw error
  }
  await unpin(request)
  return measured
}

async function ping(nodes: readonly Node[], rounds: readonly Round[], request: MeasureRequest): Promise<Measurement> {
  const { network, reach, flushNeighbors = false, deadline, signal } = request
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
        const pairs = rounds.some(({ perPod }) => perPod) ? ['--pairs'] : []
        const flush = flushNeighbors ? ['--flush'] : []
        const words = ['matrix', ...pairs, ...flush, `--within=${seconds}`, ...pace]
        const text = await ask(node, words, input, request)
        isFast ||= showsFastCpus(text)
        done += counts.get(node) ?? 0
        if (all > 0) request.onProgress?.(done, all)
        return { node: node.name, text }
      }),
    ),
  )
  return { rounds, outputs }
}

/** An emulated CPU takes longer. */
const FAST_TRIP_MS = 0.15

/**
 * Whether packets need no pauses: all pings of a node were answered at the first attempt, and fast on average.
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

/** Counts the pairs whose sources are PODs of a node. */
function countPairs({ name }: Node, rounds: readonly Round[], { network }: MeasureRequest): number {
  const pods = network.find(({ node }) => node === name)?.pods ?? []
  const pinged = rounds.flatMap(round => commonTargets(network, round, name))
  return pods.length * pinged.length - pinged.filter(({ node }) => node === name).length
}

/**
 * Whether packets of a POD need pauses between them. Most forbidden pairs have no route when nodes are isolated; pauses
 * for those took most of the time with a hundred nodes.
 */
function isFlood(node: Node, rounds: readonly Round[], network: readonly NodeFacts[]): boolean {
  const facts = network.find(one => one.node === node.name)
  if (!facts || rounds.every(({ expected, perPod }) => expected || perPod)) return true
  const pinged = rounds.flatMap(round => commonTargets(network, round, node.name))
  return countRouted(facts, pinged, FLOOD) >= FLOOD
}

/** Runs a command of `netns_test` if there is input for it. */
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
  const errors = shortText(stderr.toString())
  throw infrastructureFailure(
    'NO_MATRIX',
    `${node.name}: netns_test ${words[0]} exited with status ${exitCode}: ${errors}`,
    { node: node.name },
  )
}
