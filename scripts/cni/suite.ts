import { Failure } from '../errors/failure.ts'
import { Bench, type Evidence } from './bench.ts'
import type { Level } from './checks/catalog.ts'
import type { Check } from './checks/check.ts'
import type { Network } from './network.ts'
import type { Programs } from './runtime/programs.ts'
import { createSandbox } from './runtime/sandbox.ts'
import type { NodeShell } from './runtime/shell.ts'
import { Inapplicable, Unmet, Violation } from './violation.ts'

export type CheckVerdict = 'passed' | 'failed' | 'warning' | 'skipped'

/** What a check found. */
export interface CheckResult {
  readonly name: string
  readonly level: Level
  readonly section: string
  readonly expects: string
  readonly verdict: CheckVerdict
  /** The violation, or why the check was skipped. */
  readonly why?: string
  readonly evidence: readonly Evidence[]
  readonly milliseconds: number
  readonly node: string
}

export interface SuiteRequest {
  readonly checks: readonly Check[]
  /** The network as filled for a node. */
  networkOf(node: string): Network
  readonly nodes: readonly { readonly shell: NodeShell; readonly programs: Programs }[]
  onResult?(result: CheckResult): void
  readonly signal?: AbortSignal | undefined
}

/** So many checks run on a node at once. */
const PER_NODE = 2

/**
 * Runs checks, each in a sandbox of its own, on all nodes.
 * @returns the results in the order of the checks
 * @throws Failure (exit 4) when a node is lost or cannot make sandboxes
 */
export async function runSuite(request: SuiteRequest): Promise<readonly CheckResult[]> {
  const { checks, nodes, signal, onResult } = request
  const results: CheckResult[] = []
  const waiting = checks.entries()
  let addFailed: boolean | undefined
  const work = async (node: SuiteRequest['nodes'][number]) => {
    for (const [index, check] of waiting) {
      signal?.throwIfAborted()
      results[index] = await runCheck(check, request.networkOf(node.shell.name), node)
    }
  }
  await Promise.all(nodes.flatMap(node => Array.from({ length: PER_NODE }, () => work(node))))
  const first = results.find(({ name }) => name === 'ADD succeeds')
  if (first) addFailed = first.verdict === 'failed'
  return results.map(result => {
    const settled = settle(result, addFailed)
    onResult?.(settled)
    return settled
  })
}

/** A check without its precondition is skipped, if the check of the precondition failed. */
function settle(result: CheckResult, addFailed: boolean | undefined): CheckResult {
  const { why, ...rest } = result
  if (!why?.startsWith(UNMET)) return result
  const reason = why.slice(UNMET.length)
  return addFailed === false
    ? { ...rest, verdict: 'failed', why: reason }
    : { ...rest, verdict: 'skipped', why: reason }
}

const UNMET = '\0'

async function runCheck(
  check: Check,
  network: Network,
  { shell, programs }: SuiteRequest['nodes'][number],
): Promise<CheckResult> {
  const { name, level, section, expects } = check
  const begun = performance.now()
  const end = (verdict: CheckVerdict, why?: string, evidence: readonly Evidence[] = []): CheckResult => ({
    ...{ name, level, section, expects, verdict, evidence, node: shell.name },
    ...(why !== undefined && { why }),
    milliseconds: performance.now() - begun,
  })
  const applies = check.applies(network)
  if (applies !== true) return end('skipped', applies)
  const sandbox = await createSandbox(shell)
  const bench = new Bench(network, sandbox.shell, programs)
  try {
    await check.run(bench)
    return end('passed', undefined, bench.evidence)
  } catch (error) {
    if (error instanceof Violation) return end(level === 'MUST' ? 'failed' : 'warning', error.message, bench.evidence)
    if (error instanceof Unmet) return end('skipped', `${UNMET}${error.message}`, bench.evidence)
    if (error instanceof Inapplicable) return end('skipped', error.message, bench.evidence)
    if (error instanceof Failure) error.message = `${name}: ${error.message}`
    throw error
  } finally {
    await sandbox.remove()
  }
}
