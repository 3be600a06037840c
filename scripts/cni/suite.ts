import { Failure } from '../errors/failure.ts'
import type { CheckEvidence, CheckResult, CheckVerdict } from '../events/conformance.ts'
import { Bench, type Evidence } from './bench.ts'
import type { Check } from './checks/check.ts'
import type { Network } from './network.ts'
import { SECONDS, SECONDS_AFTER_FAILURE } from './runtime/execute.ts'
import type { Programs } from './runtime/programs.ts'
import type { NodeShell } from './runtime/shell.ts'
import { Inapplicable, Unmet, Violation } from './violation.ts'

export interface SuiteRequest {
  readonly checks: readonly Check[]
  /** The network as filled for a node. */
  networkOf(node: string): Network
  readonly nodes: readonly SuiteNode[]
  /** A shell script that runs in each sandbox first, for example to start a plugin's daemon. */
  readonly prepare?: string | undefined
  /** For each execution of a plugin, in seconds. */
  readonly timeout?: number
  /** Called for each result, in the order of the checks. */
  report?(result: CheckResult): Promise<unknown>
  readonly signal?: AbortSignal | undefined
}

export interface SuiteNode {
  readonly shell: NodeShell
  readonly programs: Programs
}

/** Maximum number of checks that run on a node at once. */
const PER_NODE = 2
/** Runs before the others, because most of them need a working ADD. */
const FIRST = 'ADD succeeds'

/**
 * Runs checks, each in a sandbox of its own, on all nodes.
 * @returns the results in the order of the checks
 * @throws Failure (exit 4) when a node is lost or cannot make sandboxes
 */
export async function runSuite(request: SuiteRequest): Promise<readonly CheckResult[]> {
  const { checks, nodes, signal } = request
  const results: CheckResult[] = []
  let reported = 0
  let reporting: Promise<unknown> = Promise.resolve()
  const run = async (index: number, node: SuiteNode) => {
    signal?.throwIfAborted()
    const addFails = results[first]?.verdict === 'failed'
    results[index] = await runCheck(checks[index] as Check, request, node, addFails)
    for (; results[reported]; reported++) {
      const result = results[reported] as CheckResult
      reporting = reporting.then(() => request.report?.(result))
    }
  }
  const first = checks.findIndex(({ name }) => name === FIRST)
  const [node] = nodes
  if (first >= 0 && node) await run(first, node)
  const waiting = checks.keys()
  const work = async (each: SuiteNode) => {
    for (const index of waiting) if (index !== first) await run(index, each)
  }
  await Promise.all(nodes.flatMap(each => Array.from({ length: PER_NODE }, () => work(each))))
  await reporting
  return results
}

/** @param addFails the check of ADD failed: checks that need it are skipped */
async function runCheck(
  check: Check,
  { networkOf, prepare, timeout: limit = SECONDS }: SuiteRequest,
  { shell, programs }: SuiteNode,
  addFails: boolean,
): Promise<CheckResult> {
  const network = networkOf(shell.name)
  const { name, level, section, expects } = check
  const begun = performance.now()
  const end = (verdict: CheckVerdict, why?: string, evidence: readonly Evidence[] = []): CheckResult => ({
    ...{ name, level, section, expects, verdict, node: shell.name },
    ...(why !== undefined && { why }),
    milliseconds: performance.now() - begun,
    evidence: evidence.map(describeEvidence),
  })
  const applies = check.applies(network)
  if (applies !== true) return end('skipped', applies)
  const timeout = addFails ? Math.min(limit, SECONDS_AFTER_FAILURE) : limit
  const bench = await Bench.open(shell, { network, programs, prepare, timeout })
  try {
    await check.run(bench)
    return end('passed', undefined, bench.evidence)
  } catch (error) {
    const violated = level === 'MUST' ? 'failed' : 'warning'
    if (error instanceof Violation) return end(violated, error.message, bench.evidence)
    // Without its precondition a check proves nothing. If ADD works elsewhere, its failure here is a finding.
    if (error instanceof Unmet) return end(addFails ? 'skipped' : 'failed', error.message, bench.evidence)
    if (error instanceof Inapplicable) return end('skipped', error.message, bench.evidence)
    if (error instanceof Failure) throw new Failure(error.exitCode, error.code, `${name}: ${error.message}`, error)
    throw error
  } finally {
    await bench.close()
  }
}

/** Texts in reports have a limit. */
const MOST_CHARACTERS = 8192
const limited = (text: string) => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text)

function describeEvidence(evidence: Evidence): CheckEvidence {
  if (evidence.type === 'kernel') return { ...evidence, text: limited(evidence.text) }
  const { operation, plugin, environment, input, end } = evidence.call
  const { status, problem, stdout, stderr, microseconds } = end
  return {
    type: 'call',
    ...{ operation, plugin, environment },
    input: limited(input),
    ...(status !== undefined && { status }),
    ...(problem !== undefined && { problem }),
    stdout: limited(stdout),
    stderr: limited(stderr),
    milliseconds: microseconds / 1000,
  }
}
