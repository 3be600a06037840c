import { Failure, infrastructureFailure, testFailure } from '../errors/failure.ts'
import { capture, type Node } from '../node/node.ts'
import {
  assemble,
  describePair,
  describeSummary,
  isExpected,
  type Matrix,
  type MatrixSummary,
  type Reach,
  summarize,
  targetsFor,
  type WrongPair,
} from '../proof/matrix.ts'
import { type NodeFacts, type PodAddress, podAddresses, readNetwork } from '../proof/network.ts'
import type { StepId } from '../report/events.ts'
import type { StepContext, StepFailure } from './steps.ts'

/** The name of the proof among a test's steps. */
const STEP = 'matrix'
/** The part of a step's time in which what is silent is tried again: the last round, and the way home, take some as well. */
const PINGING = 0.7
/** Of a node's wrong pairs, how many its failure names; the log has all. */
const NAMED = 8

/** What the proof of a test gave. */
export interface Proof {
  /** Undefined when it could not be measured. */
  readonly matrix: Matrix | undefined
  readonly failures: readonly StepFailure[]
}

/**
 * Pings every address of every POD from every other POD, and holds what answers against what the test says.
 * @param workers the nodes that have PODs
 * @throws the signal's reason when that is aborted
 */
export async function runProof(reach: Reach, workers: readonly Node[], context: StepContext): Promise<Proof> {
  const { emit, signal, timeoutSeconds, test, index } = context
  const id: StepId = { test, step: STEP, index }
  const begun = performance.now()
  emit({ type: 'step-start', ...id, nodes: workers.map(({ name }) => name) })
  const patience = AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)])
  const deadline = begun + timeoutSeconds * 1000 * PINGING
  const end = (failures: readonly StepFailure[]) => {
    for (const { name } of workers) {
      const failure = failures.find(({ node }) => node === name)
      emit({ type: 'step-end', ...id, node: name, failure, milliseconds: performance.now() - begun })
    }
    return failures
  }
  try {
    const network = await readNetwork(workers, patience)
    emit({ type: 'network', test, network })
    if (podAddresses(network).length === 0) throw testFailure('NO_PODS', 'there is no POD with an address')
    const outputs = await Promise.all(workers.map(node => measure(node, network, reach, deadline, patience)))
    const matrix = assemble(network, reach, outputs)
    const summary = summarize(matrix)
    emit({ type: 'matrix', test, matrix, text: describeSummary(summary) })
    for (const pair of summary.wrong)
      emit({ type: 'output', ...id, node: pair.source.node, stream: 'stdout', line: `FAILED: ${describePair(pair)}` })
    return { matrix, failures: end(failuresOf(id, workers, summary)) }
  } catch (error) {
    if (signal.aborted) throw error
    const why = patience.aborted ? `did not end in ${timeoutSeconds} s` : (error as Error).message
    const broken = !(patience.aborted || (error instanceof Failure && error.exitCode === 1))
    const node = workers[0]?.name ?? ''
    return { matrix: undefined, failures: end([{ ...id, node, why, lastLines: [], broken }]) }
  }
}

/** What must answer is tried again while there is time; what must not is tried once. */
async function measure(
  node: Node,
  network: readonly NodeFacts[],
  reach: Reach,
  deadline: number,
  signal: AbortSignal,
): Promise<string> {
  const source = { pod: '', node: node.name }
  const expected = (destination: PodAddress) => isExpected(reach, source, destination)
  const outputs: string[] = []
  const seconds = Math.max(1, Math.floor((deadline - performance.now()) / 1000))
  for (const [how, wanted] of [
    [`--within=${seconds}`, expected],
    ['--once', (destination: PodAddress) => !expected(destination)],
  ] as const) {
    const targets = targetsFor(network, wanted)
    if (!targets) continue
    const { exitCode, stdout, stderr } = await capture(node, ['netns_test', 'matrix', how], signal, targets)
    if (exitCode !== 0) {
      const said = stderr.toString().trim()
      throw infrastructureFailure(
        'NO_MATRIX',
        `${node.name}: netns_test matrix ends with exit code ${exitCode}: ${said}`,
      )
    }
    outputs.push(stdout.toString())
  }
  return outputs.join('')
}

function failuresOf(id: StepId, workers: readonly Node[], { wrong }: MatrixSummary): readonly StepFailure[] {
  return workers.flatMap(({ name }) => {
    const pairs = wrong.filter(({ source }) => source.node === name)
    const [first] = pairs
    if (!first) return []
    const more = pairs.length > NAMED ? [`… and ${pairs.length - NAMED} more, in the log`] : []
    const lastLines = [...pairs.slice(0, NAMED).map(describePair), ...more]
    return [{ ...id, node: name, why: whyOf(pairs, first), lastLines, broken: false }]
  })
}

const whyOf = (pairs: readonly WrongPair[], first: WrongPair) =>
  pairs.length === 1 ? describePair(first) : `${pairs.length} pairs are not as they should be`
