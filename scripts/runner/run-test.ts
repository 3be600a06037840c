import { fileOf } from '../cases/test-case.ts'
import type { RunningCluster } from '../cluster/cluster.ts'
import { describeDiagnosis } from '../diagnosis/cause.ts'
import { Failure } from '../errors/failure.ts'
import type { AttemptInfo, Emit } from '../events/events.ts'
import { inOrder } from '../events/in-order.ts'
import type { Matrix } from '../proof/matrix.ts'
import type { RuleProof } from '../proof/rules/report.ts'
import { collectEvidence, removeEvidence } from './artifacts/evidence/collect.ts'
import { collectResults } from './artifacts/results/collect.ts'
import { evidenceOf, resultsOf } from './artifacts/results/places.ts'
import { beginCluster } from './begin-cluster.ts'
import { diagnoseFailure } from './diagnosis.ts'
import { expectReach } from './expect-reach.ts'
import type { HeldCluster } from './held.ts'
import { checkKernels, UNMET } from './needs.ts'
import { passesByAnswers } from './neighbors.ts'
import { measurePathMtu } from './path-mtu.ts'
import type { PlannedTest, RunRequest, RunVerdict } from './plan.ts'
import { cleanUp, runSteps } from './run-steps.ts'
import type { StepFailure } from './steps.ts'
import { nextContext, type TestRun } from './test-run.ts'

/** @throws the error if the test was selected by name */
export function skipTest({ test, optional }: PlannedTest, error: unknown, emit: Emit): undefined {
  if (!(optional && error instanceof Failure)) throw error
  emit({ type: 'test-skipped', test: test.name, why: error.message })
}

/** `broken` if a node failed rather than the tested network. */
export function verdictOf(failures: readonly StepFailure[]): RunVerdict {
  if (failures.length === 0) return 'passed'
  return failures.some(failure => failure.broken) ? 'broken' : 'failed'
}

interface Next {
  readonly isLast: boolean
  /** A failure is followed by a retry. */
  readonly mayRetry: boolean
  readonly held: HeldCluster
}

/**
 * Runs one attempt of a test, and reports its start and end.
 * @returns undefined when an optional test is skipped because its requirements are not met
 * @throws Failure when the infrastructure failed; the signal's reason when that is aborted
 */
export async function runTest(planned: PlannedTest, turn: AttemptInfo | undefined, next: Next, request: RunRequest) {
  const { test, settings } = planned
  const { emit, signal } = request
  const id = { test: test.name, ...(turn && { turn }) }
  emit({ type: 'test-start', ...id, summary: test.summary, file: fileOf(test), settings: settings.origins })
  try {
    return await runOnCluster(planned, id, next, request)
  } catch (error) {
    if (planned.optional && error instanceof Failure && UNMET.includes(error.code))
      return skipTest(planned, error, emit)
    const verdict = signal.aborted ? 'interrupted' : 'broken'
    emit({ type: 'test-end', ...id, verdict, why: error instanceof Error ? error.message : String(error) })
    throw error
  }
}

async function runOnCluster(
  planned: PlannedTest,
  id: { readonly test: string; readonly turn?: AttemptInfo },
  { isLast, mayRetry, held }: Next,
  request: RunRequest,
) {
  const { test, settings } = planned
  const { signal } = request
  const cluster = await beginCluster(planned, held, request)
  const { emit, flush } = inOrder(request.emit)
  const counter = { index: 0, of: test.steps.length + (test.reach ? 1 : 0) + (test.measuresPathMtu ? 1 : 0) }
  const run: TestRun = { test, settings, cluster, strict: request.strict, emit, signal, counter, background: [] }
  const evidence = evidenceOf(settings, settings.cluster.name, id)
  let failures: readonly StepFailure[] = []
  let missing: string | undefined
  let silent: ReadonlySet<string> = new Set()
  try {
    removeEvidence(evidence)
    await checkKernels(test, cluster.nodes, signal)
    failures = await runSteps(test.steps, run)
    let matrix: Matrix | undefined
    let rules: RuleProof | undefined
    if (test.reach && failures.length === 0) {
      const proof = await expectReach(test.reach, run, nextContext(run))
      failures = proof.failures
      matrix = proof.matrix
      rules = proof.rules
    }
    if (failures.length === 0) {
      const { proof, failures: found } = await measurePathMtu(run)
      failures = found
      if (!matrix) rules ??= proof
    }
    const passedByAnswers = passesByAnswers(test) && (matrix ?? rules) !== undefined && failures.length === 0
    await verify(cluster, failures, passedByAnswers)
    if (failures.length > 0) {
      const found = { failures, ...(matrix && { matrix }) }
      const { silent: hung, ...diagnosis } = await diagnoseFailure({ cluster, ...found, signal })
      silent = hung
      emit({ type: 'diagnosis', test: test.name, ...diagnosis })
      const reasons = describeDiagnosis(diagnosis)
      await collectEvidence({ cluster, test: test.name, directory: evidence, reasons, silent, ...found, emit, signal })
    }
    if (settings.resultsDirectory) {
      missing = await collectResults({
        cluster,
        test: test.name,
        directory: resultsOf(settings.resultsDirectory, id.turn),
        failed: failures.length > 0,
        ...(matrix && { matrix }),
        ...(rules && { rules }),
        timeoutSeconds: settings.timeoutSeconds,
        silent,
        emit,
      })
    }
    failures = [...failures, ...(await cleanUp(run))]
    await verify(cluster, failures, passedByAnswers && failures.length === 0)
  } catch (error) {
    flush()
    // The first failure counts.
    await cleanUp(run).catch(() => {})
    await endCluster(cluster, !settings.cluster.start || settings.cluster.retain === 'always').catch(() => {})
    throw error
  }
  flush()
  const [first] = failures
  const isRetried = mayRetry && first !== undefined
  // The network is proved, but the results are incomplete and must not look complete.
  const isPartial = missing !== undefined && first === undefined
  const verdict = isPartial ? 'broken' : verdictOf(failures)
  emit({
    type: 'test-end',
    ...id,
    verdict,
    why: isPartial ? `passed, but ${missing}` : first && `${first.step} on ${first.node}: ${first.why}`,
    ...(isRetried && { retried: true }),
  })
  const isKept = {
    never: false,
    always: (isLast && !isRetried) || (first !== undefined && !isRetried),
    usual: (first !== undefined && !isRetried) || (test.keepsCluster === true && isLast && !isRetried),
  }[settings.cluster.retain]
  const { name } = cluster
  if (!settings.cluster.start) {
    await cluster.keep()
    return { verdict, failures, isRetried, isPartial, attached: { name, test: test.name } }
  }
  if (isKept) return { verdict, failures, isRetried, isPartial, kept: cluster }
  await cluster.stop()
  return { verdict, failures, isRetried, isPartial }
}

/**
 * Results from a broken cluster say nothing about the network.
 * @throws Failure (exit 4) that names the broken part, unless a failure already does
 */
async function verify(
  cluster: RunningCluster,
  failures: readonly StepFailure[],
  passedByAnswers: boolean,
): Promise<void> {
  if (!failures.some(({ broken }) => broken)) await cluster.verify(passedByAnswers)
}

async function endCluster(cluster: RunningCluster, keep: boolean): Promise<void> {
  if (keep) await cluster.keep()
  else await cluster.stop()
}
