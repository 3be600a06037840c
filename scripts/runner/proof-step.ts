import { podsOf, type TestCase } from '../cases/test-case.ts'
import { Failure, testFailure } from '../errors/failure.ts'
import type { StepId } from '../events/events.ts'
import { type Deadline, withDeadline } from '../host/deadline.ts'
import type { NodeFacts } from '../proof/facts.ts'
import {
  compareNetwork,
  describeFindings,
  describeNetwork,
  type Expectation,
  type Finding,
  familyFindings,
  filterFamilies,
} from '../proof/findings.ts'
import { podAddresses, readNode } from '../proof/network.ts'
import type { Family } from '../settings/family.ts'
import type { Settings } from '../settings/settings.ts'
import type { Node } from '../ssh/node.ts'
import { type StepContext, type StepFailure, startStep, stepTimeout } from './steps.ts'

/** How many wrong pairs a node's failure lists; the log has all. */
const NAMED = 8

interface ProofStep {
  readonly name: string
  readonly test: TestCase
  readonly settings: Settings
  readonly nodes: readonly Node[]
  /** Those that the test is about; by default those of the settings. */
  readonly families?: readonly Family[]
}

/** A line about a node. */
export interface NodeLine {
  readonly node: string
  readonly text: string
}

/** What a measurement found. */
interface Measured<T> {
  readonly result: T
  readonly findings: readonly Finding[]
  readonly wrong: readonly NodeLine[]
  /** Emits the events of the result. */
  report(): void
}

/** What a measurement needs. */
interface Measuring {
  readonly network: readonly NodeFacts[]
  readonly deadline: Deadline
  onHung(node: Node): void
  onProgress(done: number, of: number): void
}

/**
 * Reads the network, compares the PODs with those that the test created, and measures them, as a step of the test.
 * @returns the result, unless measuring failed
 * @throws the signal's reason when that is aborted
 */
export async function runProofStep<T>(
  step: ProofStep,
  context: StepContext,
  measure: (measuring: Measuring) => Promise<Measured<T>>,
): Promise<{ result: T | undefined; failures: readonly StepFailure[] }> {
  const { nodes } = step
  const { emit, signal, timeoutSeconds, test } = context
  const begun = performance.now()
  const id = startStep(step.name, nodes, context)
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
    const measured = await withDeadline(
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
        const network = filterFamilies(told, step.families ?? step.settings.families)
        const expectation = expectationOf(step, network)
        if (expectation) findings.push(...compareNetwork(network, expectation))
        else {
          findings.push(...familyFindings(network))
          for (const text of describeNetwork(network)) emit({ type: 'notice', text: `${step.name}: ${text}` })
        }
        if (podAddresses(network).length === 0) return undefined
        return await measure({ network, deadline, onHung, onProgress })
      },
      { parent: signal, reason: () => stepTimeout(timeoutSeconds) },
    )
    if (measured) findings.push(...measured.findings)
    else if (findings.length === 0) throw testFailure('NO_PODS', 'no POD has an address')
    const lines = describeFindings(findings)
    const output = ({ node, text }: NodeLine) =>
      emit({ type: 'output', ...id, node, stream: 'stdout', line: `FAILED: ${text}` })
    if (findings.length > 0) emit({ type: 'findings', test, findings })
    for (const line of lines) output(line)
    measured?.report()
    for (const line of measured?.wrong ?? []) output(line)
    return { result: measured?.result, failures: end(failuresOf(id, nodes, lines, measured?.wrong ?? [])) }
  } catch (error) {
    if (signal.aborted) throw error
    const why = (error as Error).message
    const isFailure = error instanceof Failure
    const broken = !(isFailure && error.exitCode === 1)
    const blamed = hung.size > 0 ? [...hung] : [(isFailure && error.node) || (nodes[0]?.name ?? '')]
    return { result: undefined, failures: end(blamed.map(node => ({ ...id, node, why, lastLines: [], broken }))) }
  }
}

/**
 * The PODs that the steps should have created, if the test defines them.
 * @throws Failure NPODS_DIFFER (exit 1) when nodes have different NPODS
 */
function expectationOf(
  { test, settings, families = settings.families }: ProofStep,
  network: readonly NodeFacts[],
): Expectation | undefined {
  if (!test.pods) return undefined
  const workers = new Set(settings.cluster.nodes.filter(({ role }) => role === 'worker').map(({ name }) => name))
  // Without a user setting, an ovl may have set NPODS, equally on all nodes.
  const userPods = settings.cluster.start ? settings.guestEnvironment.NPODS : undefined
  const counts = network.flatMap(({ node, npods }) =>
    workers.has(node) && npods !== undefined ? [{ node, npods }] : [],
  )
  const [first, ...others] = counts
  const other = others.find(({ npods }) => npods !== first?.npods)
  if (userPods === undefined && first && other) {
    const texts = [first, other].map(({ node, npods }) => `NPODS is ${npods} on ${node}`)
    throw testFailure('NPODS_DIFFER', `the nodes create different numbers of PODs: ${texts.join(', ')}`, {
      node: other.node,
    })
  }
  const count = userPods === undefined ? (first?.npods ?? settings.addressing.podsPerNode) : Number(userPods)
  return { pods: podsOf(test, settings, count), families }
}

function failuresOf(
  id: StepId,
  nodes: readonly Node[],
  findings: readonly NodeLine[],
  wrong: readonly NodeLine[],
): readonly StepFailure[] {
  return nodes.flatMap(({ name }) => {
    const found = findings.filter(({ node }) => node === name).map(({ text }) => text)
    const pairs = wrong.filter(({ node }) => node === name).map(({ text }) => text)
    const whys = [...found, ...whyOf(pairs)]
    const [why] = whys
    if (why === undefined) return []
    const more = pairs.length > NAMED ? [`… and ${pairs.length - NAMED} more, in the log`] : []
    return [{ ...id, node: name, why, lastLines: [...found, ...pairs.slice(0, NAMED), ...more], broken: false }]
  })
}

function whyOf(pairs: readonly string[]): readonly string[] {
  const [first] = pairs
  if (first === undefined) return []
  return [pairs.length === 1 ? first : `${pairs.length} wrong pairs: ${first}, …`]
}
