import { podsOf, type TestCase } from '../cases/test-case.ts'
import { Failure, testFailure } from '../errors/failure.ts'
import { withDeadline } from '../host/deadline.ts'
import type { NodeFacts } from '../proof/facts.ts'
import {
  compareNetwork,
  describeFindings,
  describeNetwork,
  type Expectation,
  type Finding,
  filterFamilies,
  matrixFindings,
} from '../proof/findings.ts'
import { assemble, type Matrix } from '../proof/matrix.ts'
import { podAddresses, readNode } from '../proof/network.ts'
import type { Reach } from '../proof/reach.ts'
import { describePair, describeSummary, type MatrixSummary, summarize, type WrongPair } from '../proof/summary.ts'
import type { Settings } from '../settings/settings.ts'
import type { Node } from '../ssh/node.ts'
import { measure } from './measure.ts'
import { type StepContext, type StepFailure, startStep } from './steps.ts'

const STEP = 'matrix'
/** The share of a step's time for retries; the last round and the transfer need the rest. */
const PINGING = 0.7
/** How many wrong pairs a node's failure lists; the log has all. */
const NAMED = 8

export interface ProofRequest {
  readonly test: TestCase
  readonly settings: Settings
  readonly reach: Reach
  readonly nodes: readonly Node[]
  readonly flushNeighbors?: boolean
}

export interface Proof {
  /** Undefined if measuring failed. */
  readonly matrix: Matrix | undefined
  readonly failures: readonly StepFailure[]
}

/**
 * Pings every address of every POD from every other POD, and compares the answers with the test's reachability, and the
 * existing PODs with those that the test created.
 * @throws the signal's reason when that is aborted
 */
export async function runProof(request: ProofRequest, context: StepContext): Promise<Proof> {
  const { nodes, reach, flushNeighbors = false } = request
  const { emit, signal, timeoutSeconds, test } = context
  const begun = performance.now()
  const id = startStep(STEP, nodes, context)
  const pingsUntil = begun + timeoutSeconds * 1000 * PINGING
  const end = (failures: readonly StepFailure[]) => {
    for (const { name } of nodes) {
      const failure = failures.find(({ node }) => node === name)
      emit({ type: 'step-end', ...id, node: name, failure, milliseconds: performance.now() - begun })
    }
    return failures
  }
  const hung = new Set<string>()
  const onHung = ({ name }: Node) => void hung.add(name)
  const onProgress = (done: number, of: number) => emit({ type: 'progress', test, done, of })
  const findings: Finding[] = []
  try {
    const matrix = await withDeadline(
      timeoutSeconds * 1000,
      async deadline => {
        const told = await Promise.all(
          nodes.map(node =>
            readNode(node, deadline.signal).catch(error => {
              if (deadline.isOver) onHung(node)
              throw error
            }),
          ),
        )
        emit({ type: 'network', test, network: told })
        const network = filterFamilies(told, request.settings.families)
        const expectation = expectationOf(request, network)
        if (expectation) findings.push(...compareNetwork(network, expectation))
        else for (const text of describeNetwork(network)) emit({ type: 'notice', text: `matrix: ${text}` })
        if (podAddresses(network).length === 0) return undefined
        const limits = { deadline: pingsUntil, signal: deadline.signal, onHung, onProgress }
        return assemble(network, reach, await measure({ nodes, network, reach, flushNeighbors, ...limits }))
      },
      { parent: signal, reason: () => testFailure('STEP_HUNG', `did not end in ${timeoutSeconds} s`) },
    )
    if (matrix) findings.push(...matrixFindings(matrix))
    else if (findings.length === 0) throw testFailure('NO_PODS', 'no POD has an address')
    const lines = describeFindings(findings)
    if (findings.length > 0) emit({ type: 'findings', test, findings })
    for (const { node, text } of lines) emit({ type: 'output', ...id, node, stream: 'stdout', line: `FAILED: ${text}` })
    const summary = matrix && summarize(matrix)
    if (matrix && summary) emit({ type: 'matrix', test, matrix, text: describeSummary(summary) })
    for (const pair of summary?.wrong ?? [])
      emit({ type: 'output', ...id, node: pair.source.node, stream: 'stdout', line: `FAILED: ${describePair(pair)}` })
    return { matrix, failures: end(failuresOf(id, nodes, lines, summary)) }
  } catch (error) {
    if (signal.aborted) throw error
    const why = (error as Error).message
    const isFailure = error instanceof Failure
    const broken = !(isFailure && error.exitCode === 1)
    const blamed = hung.size > 0 ? [...hung] : [(isFailure && error.node) || (nodes[0]?.name ?? '')]
    return { matrix: undefined, failures: end(blamed.map(node => ({ ...id, node, why, lastLines: [], broken }))) }
  }
}

/**
 * The PODs that the steps should have created, if the test defines them.
 * @throws Failure NPODS_DIFFER (exit 1) when nodes have different NPODS
 */
function expectationOf({ test, settings }: ProofRequest, network: readonly NodeFacts[]): Expectation | undefined {
  if (!test.pods) return undefined
  const workers = new Set(settings.cluster.nodes.filter(({ role }) => role === 'worker').map(({ name }) => name))
  // Without a user setting, an ovl may have set NPODS, equally on all nodes.
  const said = settings.cluster.start ? settings.guestEnvironment.NPODS : undefined
  const counts = network.flatMap(({ node, npods }) =>
    workers.has(node) && npods !== undefined ? [{ node, npods }] : [],
  )
  const [first, ...others] = counts
  const other = others.find(({ npods }) => npods !== first?.npods)
  if (said === undefined && first && other) {
    const texts = [first, other].map(({ node, npods }) => `NPODS is ${npods} on ${node}`)
    throw testFailure('NPODS_DIFFER', `the nodes create different numbers of PODs: ${texts.join(', ')}`, {
      node: other.node,
    })
  }
  const count = said === undefined ? (first?.npods ?? settings.addressing.podsPerNode) : Number(said)
  return { pods: podsOf(test, settings, count), families: settings.families }
}

function failuresOf(
  id: ReturnType<typeof startStep>,
  nodes: readonly Node[],
  findings: readonly { readonly node: string; readonly text: string }[],
  summary: MatrixSummary | undefined,
): readonly StepFailure[] {
  return nodes.flatMap(({ name }) => {
    const found = findings.filter(({ node }) => node === name).map(({ text }) => text)
    const pairs = summary?.wrong.filter(({ source }) => source.node === name) ?? []
    const whys = [...found, ...whyOf(pairs)]
    const [why] = whys
    if (why === undefined) return []
    const more = pairs.length > NAMED ? [`… and ${pairs.length - NAMED} more, in the log`] : []
    const lastLines = [...found, ...pairs.slice(0, NAMED).map(describePair), ...more]
    return [{ ...id, node: name, why, lastLines, broken: false }]
  })
}

function whyOf(pairs: readonly WrongPair[]): readonly string[] {
  const [first] = pairs
  if (!first) return []
  return [pairs.length === 1 ? describePair(first) : `${pairs.length} wrong pairs: ${describePair(first)}, …`]
}
