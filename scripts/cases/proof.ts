import { Failure, testFailure } from '../errors/failure.ts'
import { withDeadline } from '../host/deadline.ts'
import type { Node } from '../node/node.ts'
import {
  assemble,
  describePair,
  describeSummary,
  type Matrix,
  type MatrixSummary,
  summarize,
  type WrongPair,
} from '../proof/matrix.ts'
import { podAddresses, readNode } from '../proof/network.ts'
import type { Reach } from '../proof/reach.ts'
import type { StepId } from '../report/events.ts'
import { measure } from './measure.ts'
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
 * @param nodes those that may have PODs
 * @throws the signal's reason when that is aborted
 */
export async function runProof(reach: Reach, nodes: readonly Node[], context: StepContext): Promise<Proof> {
  const { emit, signal, timeoutSeconds, test, index } = context
  const id: StepId = { test, step: STEP, index }
  const begun = performance.now()
  emit({ type: 'step-start', ...id, nodes: nodes.map(({ name }) => name), of: context.of })
  const pingsUntil = begun + timeoutSeconds * 1000 * PINGING
  const end = (failures: readonly StepFailure[]) => {
    for (const { name } of nodes) {
      const failure = failures.find(({ node }) => node === name)
      emit({ type: 'step-end', ...id, node: name, failure, milliseconds: performance.now() - begun })
    }
    return failures
  }
  const hung = new Set<Node>()
  const onHung = (node: Node) => void hung.add(node)
  const onProgress = (done: number, of: number) => emit({ type: 'progress', test, done, of })
  try {
    const matrix = await withDeadline(
      timeoutSeconds * 1000,
      async deadline => {
        const network = await Promise.all(
          nodes.map(node =>
            readNode(node, deadline.signal).catch(error => {
              if (deadline.isOver) onHung(node)
              throw error
            }),
          ),
        )
        emit({ type: 'network', test, network })
        if (podAddresses(network).length === 0) throw testFailure('NO_PODS', 'there is no POD with an address')
        const request = { nodes, network, reach, deadline: pingsUntil, signal: deadline.signal, onHung, onProgress }
        return assemble(network, reach, await measure(request))
      },
      { parent: signal, reason: () => testFailure('STEP_HUNG', `did not end in ${timeoutSeconds} s`) },
    )
    const summary = summarize(matrix)
    emit({ type: 'matrix', test, matrix, text: describeSummary(summary) })
    for (const pair of summary.wrong)
      emit({ type: 'output', ...id, node: pair.source.node, stream: 'stdout', line: `FAILED: ${describePair(pair)}` })
    return { matrix, failures: end(failuresOf(id, nodes, summary)) }
  } catch (error) {
    if (signal.aborted) throw error
    const why = (error as Error).message
    const broken = !(error instanceof Failure && error.exitCode === 1)
    const blamed = hung.size > 0 ? [...hung] : nodes.slice(0, 1)
    return {
      matrix: undefined,
      failures: end(blamed.map(({ name }) => ({ ...id, node: name, why, lastLines: [], broken }))),
    }
  }
}

function failuresOf(id: StepId, nodes: readonly Node[], { wrong }: MatrixSummary): readonly StepFailure[] {
  return nodes.flatMap(({ name }) => {
    const pairs = wrong.filter(({ source }) => source.node === name)
    const [first] = pairs
    if (!first) return []
    const more = pairs.length > NAMED ? [`… and ${pairs.length - NAMED} more, in the log`] : []
    const lastLines = [...pairs.slice(0, NAMED).map(describePair), ...more]
    return [{ ...id, node: name, why: whyOf(pairs, first), lastLines, broken: false }]
  })
}

const whyOf = (pairs: readonly WrongPair[], first: WrongPair) =>
  pairs.length === 1
    ? describePair(first)
    : `${pairs.length} pairs are not as they should be: ${describePair(first)}, …`
