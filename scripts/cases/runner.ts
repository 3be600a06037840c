import path from 'node:path'
import type { Cluster, OvlDirectory, RunningCluster } from '../cluster/cluster.ts'
import { environmentFailure, Failure } from '../errors/failure.ts'
import { collectEvidence, forgetEvidence } from '../evidence/collect.ts'
import type { Matrix } from '../proof/matrix.ts'
import type { Emit, FailedStep, Verdict } from '../report/events.ts'
import { collectResults, prepareResults } from '../results/collect.ts'
import type { Settings } from '../settings/settings.ts'
import { checkKernels, checkNeeds } from './needs.ts'
import { runProof } from './proof.ts'
import { nodesOf, runStep, type StepContext, type StepFailure } from './steps.ts'
import type { TestCase } from './test-case.ts'

/** A test with the cluster that it is to run on. */
export interface PlannedTest {
  readonly test: TestCase
  readonly settings: Settings
  readonly cluster: Cluster
  /** Left out with a word where what it needs cannot be had; otherwise that ends the run before it begins. */
  readonly optional: boolean
}

export interface RunRequest {
  readonly plan: readonly PlannedTest[]
  readonly extraOvls: readonly OvlDirectory[]
  /** A test that is left out counts as failed. */
  readonly strict: boolean
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** How tests end that were run to their end. */
export type RunVerdict = Exclude<Verdict, 'interrupted'>

export interface RunResult {
  readonly verdict: RunVerdict
  readonly failures: readonly FailedStep[]
  /** The cluster that was left running. */
  readonly left: LeftCluster | undefined
}

export type LeftCluster = Pick<RunningCluster, 'name' | 'endedBy'>

/**
 * Runs tests one after the other, each on a cluster of its own; with `--no-start` all on the one that runs.
 * When a cluster is left running after a failure, the tests behind it are not run.
 * @throws Failure when a cluster cannot be had, or is lost; the signal's reason when that is aborted
 */
export async function runTests(request: RunRequest): Promise<RunResult> {
  const plan = request.plan.filter(planned => canRun(planned, request.emit))
  let leftOut = request.plan.length - plan.length
  const failures: StepFailure[] = []
  let left: LeftCluster | undefined
  for (const [index, planned] of plan.entries()) {
    const isLast = index === plan.length - 1
    const outcome = await runTest(planned, isLast, request).catch(error => {
      // Of what a kernel lacks nobody knows before it runs.
      if (!(error instanceof Failure && error.code === 'NO_KIND')) throw error
      return leaveOut(planned, error, request.emit)
    })
    if (!outcome) {
      leftOut++
      continue
    }
    failures.push(...outcome.failures)
    left = outcome.left
    if (left && outcome.failures.length > 0) break
  }
  const verdict = verdictOf(failures)
  const isIncomplete = request.strict && leftOut > 0
  return { verdict: verdict === 'passed' && isIncomplete ? 'failed' : verdict, failures, left }
}

function canRun(planned: PlannedTest, emit: Emit): boolean {
  const { test, settings } = planned
  if (settings.resultsDirectory) prepareResults(settings.resultsDirectory)
  try {
    checkNeeds(test, settings)
    return true
  } catch (error) {
    leaveOut(planned, error, emit)
    return false
  }
}

/** @throws what keeps the test from being run, where it was asked for by its name */
function leaveOut({ test, optional }: PlannedTest, error: unknown, emit: Emit): undefined {
  if (!(optional && error instanceof Failure)) throw error
  emit({ type: 'test-skipped', test: test.name, why: error.message })
}

function verdictOf(failures: readonly StepFailure[]): RunVerdict {
  if (failures.length === 0) return 'passed'
  return failures.some(failure => failure.broken) ? 'broken' : 'failed'
}

async function runTest(planned: PlannedTest, isLast: boolean, request: RunRequest) {
  const { test, settings } = planned
  const { emit, signal } = request
  emit({ type: 'test-start', test: test.name, summary: test.summary, settings: settings.origins })
  const begin = settings.cluster.start ? planned.cluster.start : planned.cluster.attach
  const cluster = await begin({ test: test.name, extraOvls: request.extraOvls, emit, signal })
  const evidence = evidenceDirectory(settings, cluster, test.name)
  let failures: readonly StepFailure[] = []
  try {
    forgetEvidence(evidence)
    await checkKernels(test, cluster.nodes, signal)
    failures = await runSteps(planned, cluster, request)
    let matrix: Matrix | undefined
    if (test.reach && failures.length === 0) {
      const proof = await runProof(test.reach, cluster.nodes, contextOf(planned, cluster, request, test.steps.length))
      failures = proof.failures
      matrix = proof.matrix
    }
    if (failures.length > 0) {
      const found = { failures, ...(matrix && { matrix }) }
      await collectEvidence({ cluster, test: test.name, directory: evidence, ...found, emit, signal })
    }
    if (settings.resultsDirectory) {
      await collectResults({
        cluster,
        test: test.name,
        directory: settings.resultsDirectory,
        failed: failures.length > 0,
        ...(matrix && { matrix }),
        timeoutSeconds: settings.timeoutSeconds,
        emit,
      })
    }
  } catch (error) {
    await endCluster(cluster, !settings.cluster.start || settings.cluster.keep === 'always')
    throw error
  }
  const [first] = failures
  emit({
    type: 'test-end',
    test: test.name,
    verdict: verdictOf(failures),
    why: first && `${first.step} on ${first.node}: ${first.why}`,
  })
  const keep =
    !settings.cluster.start ||
    (settings.cluster.keep === 'always' && (isLast || first !== undefined)) ||
    (settings.cluster.keep === 'after-failure' && first !== undefined)
  await endCluster(cluster, keep)
  return { failures, left: keep ? cluster : undefined }
}

/** With the results; without a place for them, where the last failure of a test is kept until it runs again. */
const evidenceDirectory = (
  { resultsDirectory, directories }: Settings,
  { name }: RunningCluster,
  test: string,
): string =>
  resultsDirectory
    ? path.join(resultsDirectory, test, 'evidence')
    : path.join(directories.state, 'evidence', name, test)

async function runSteps(
  planned: PlannedTest,
  cluster: RunningCluster,
  request: RunRequest,
): Promise<readonly StepFailure[]> {
  const { test } = planned
  for (const [position, step] of test.steps.entries()) {
    const nodes = nodesOf(step, cluster.nodes)
    if (nodes.length === 0) {
      throw environmentFailure(
        'NO_NODE',
        `${test.name}: the cluster '${cluster.name}' has no ${step.where} to do ${step.name}`,
      )
    }
    const failures = await runStep(step, nodes, contextOf(planned, cluster, request, position))
    if (failures.length > 0) return failures
  }
  return []
}

const contextOf = (
  { test, settings }: PlannedTest,
  cluster: RunningCluster,
  { emit, signal }: RunRequest,
  position: number,
): StepContext => ({
  test: test.name,
  index: position + 1,
  timeoutSeconds: settings.timeoutSeconds,
  emit,
  signal,
  fate: cluster.fate,
})

async function endCluster(cluster: RunningCluster, keep: boolean): Promise<void> {
  if (keep) await cluster.keep()
  else await cluster.stop()
}
