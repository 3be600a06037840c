import { infrastructureFailure } from '../errors/failure.ts'
import { withDeadline } from '../host/deadline.ts'
import { shortText } from '../host/text.ts'
import type { NodeFacts } from '../proof/facts.ts'
import { podAddresses, podKey, sourcesOf } from '../proof/network.ts'
import { ownAddresses } from '../proof/reach.ts'
import type { ProbeInput } from '../proof/rules/input.ts'
import {
  type Asked,
  type PodObservations,
  readObservations,
  readStates,
  type ServerState,
} from '../proof/rules/observation.ts'
import { capture, type Node } from '../ssh/node.ts'
import { Semaphore } from '../ssh/semaphore.ts'
import { AT_ONCE } from './measure.ts'

interface ProbeRequest {
  readonly nodes: readonly Node[]
  readonly network: readonly NodeFacts[]
  /** When to stop retrying, on the clock of `performance.now()`. */
  readonly deadline: number
  readonly signal: AbortSignal
  /** PODs drop their neighbor entries when they have probed: the kernel has too few for all. */
  readonly flushNeighbors?: boolean
  /** Called for a node that had not answered when the signal was aborted. */
  onHung?(node: Node): void
}

/** Limit for ending probers after a failure or an interruption. */
const CLEANING_MS = 10_000
/** Probers that are not ended exit this long after the step. */
const GRACE_SECONDS = 60

/** Maximum number of concurrent probes of a POD: fewer with more PODs, so that servers keep up. */
const windowOf = (pods: number): number => Math.max(8, Math.min(128, Math.floor(6400 / Math.max(pods, 1))))

/** Probers that run in all PODs. */
export interface Probers {
  /** Runs probes, given by `<node> <pod>`. */
  run(inputs: ReadonlyMap<string, ProbeInput>): Promise<ReadonlyMap<string, PodObservations>>
  /** What the servers of all PODs lost since the last call, by `<node> <pod>`. */
  states(): Promise<ReadonlyMap<string, ServerState>>
}

/**
 * Starts a prober in each POD, which serves ports, and ends them after the task.
 * @param ports `tcp/80`
 * @throws Failure NO_PROBE (exit 4) when one does not start, or cannot probe; the signal's reason when that is aborted
 */
export async function withProbers<T>(
  request: ProbeRequest,
  ports: readonly string[],
  task: (probers: Probers) => Promise<T>,
): Promise<T> {
  let result: T
  try {
    await startProbers(request, ports)
    result = await task({ run: inputs => runAll(request, inputs), states: () => statesOf(request) })
  } catch (error) {
    // The first error is reported.
    await withDeadline(CLEANING_MS, ({ signal }) => stopProbers({ nodes: request.nodes, signal })).catch(() => {})
    throw error
  }
  await stopProbers(request)
  return result
}

/**
 * Starts a prober in each POD, which serves ports.
 * @throws Failure NO_PROBE (exit 4) when one does not start
 */
export async function startProbers(request: ProbeRequest, ports: readonly string[]): Promise<void> {
  const { nodes, network } = request
  const addresses = podAddresses(network)
  const seconds = Math.ceil(Math.max(0, request.deadline - performance.now()) / 1000) + GRACE_SECONDS
  await Promise.all(
    nodes.map(async node => {
      const pods = network.find(facts => facts.node === node.name)?.pods ?? []
      const lines = pods.map(({ name }) => {
        const own = ownAddresses(addresses, { pod: name, node: node.name }).map(one => one.address)
        return `${name} ${own.join(',') || '-'} ${ports.join(' ')}\n`
      })
      await askProbers(node, ['start', String(seconds)], lines.join(''), request)
    }),
  )
}

/** Ends the probers of all PODs. */
export async function stopProbers({ nodes, ...limits }: Pick<ProbeRequest, 'nodes' | 'signal' | 'onHung'>) {
  await Promise.all(nodes.map(node => askProbers(node, ['stop'], '', limits)))
}

async function runAll(
  request: ProbeRequest,
  inputs: ReadonlyMap<string, ProbeInput>,
): Promise<ReadonlyMap<string, PodObservations>> {
  const { nodes, network, deadline, signal } = request
  const sources = sourcesOf(network)
  const pods = new Set(sources.map(podKey))
  const semaphore = new Semaphore(AT_ONCE)
  const results = new Map<string, PodObservations>()
  await Promise.all(
    nodes.map(async node => {
      const own = sources.filter(source => source.node === node.name && inputs.has(podKey(source)))
      if (own.length === 0) return
      await semaphore.use(async () => {
        signal.throwIfAborted()
        const retry = Math.max(0, Math.round(deadline - performance.now()))
        const counts = new Map<string, number>()
        const lines = own.flatMap(source => {
          const { pod } = source
          const { lines: probes } = inputs.get(podKey(source)) as ProbeInput
          counts.set(pod, probes.length)
          const flush = request.flushNeighbors ? ['set flush 1'] : []
          const settings = [`set window ${windowOf(sources.length)}`, `set retry ${retry}`, ...flush]
          return [...settings, ...probes.map((line, index) => `probe ${index} ${line}`)].map(line => `${pod} ${line}\n`)
        })
        const asked: Asked = { counts, pods }
        const output = await askProbers(node, ['run'], lines.join(''), request)
        for (const [pod, found] of readObservations({ node: node.name, text: output }, asked))
          results.set(podKey({ node: node.name, pod }), found)
      })
    }),
  )
  return results
}

async function statesOf(request: ProbeRequest): Promise<ReadonlyMap<string, ServerState>> {
  const all = new Map<string, ServerState>()
  await Promise.all(
    request.network.map(async ({ node: name, pods }) => {
      const node = request.nodes.find(one => one.name === name)
      if (!node || pods.length === 0) return
      const names = pods.map(pod => pod.name)
      const text = await askProbers(node, ['state'], names.map(pod => `${pod} state\n`).join(''), request)
      for (const [pod, state] of readStates({ node: name, text }, names)) all.set(podKey({ node: name, pod }), state)
    }),
  )
  return all
}

/**
 * Runs a command of `netns_test probe`, and returns its output.
 * @throws Failure NO_PROBE (exit 4) when it fails
 */
export async function askProbers(
  node: Node,
  words: readonly string[],
  input: string,
  { signal, onHung }: Pick<ProbeRequest, 'signal' | 'onHung'>,
): Promise<string> {
  const { exitCode, stdout, stderr } = await capture(node, ['netns_test', 'probe', ...words], signal, input).catch(
    error => {
      if (signal.aborted) onHung?.(node)
      throw error
    },
  )
  if (exitCode === 0) return stdout.toString()
  const errors = shortText(stderr.toString().trim())
  const message = `${node.name}: netns_test probe ${words[0]} exited with status ${exitCode}: ${errors}`
  throw infrastructureFailure('NO_PROBE', message, { node: node.name })
}
