import { fileOf, type TestCase } from '../cases/test-case.ts'
import type { Cluster, OvlDirectory, RunningCluster } from '../cluster/cluster.ts'
import { describeDiagnosis } from '../diagnosis/cause.ts'
import { environmentFailure, Failure } from '../errors/failure.ts'
import type { Emit, FailedStep, Turn, Verdict } from '../events/events.ts'
import type { Matrix } from '../proof/matrix.ts'
import type { RepeatPolicy } from '../settings/repeat-policy.ts'
import type { Settings } from '../settings/settings.ts'
import { collectEvidence, forgetEvidence } from './artifacts/evidence/collect.ts'
import { collectResults } from './artifacts/results/collect.ts'
import { evidenceOf, resultsOf } from './artifacts/results/places.ts'
import { diagnoseFailure } from './diagnosis.ts'
import { HeldCluster, type LeftCluster } from './held.ts'
import { checkKernels, checkNeeds } from './needs.ts'
import { neighbourEntries } from './neighbours.ts'
import { runProof } from './proof.ts'
import { nodesOf, runStep, type StepContext, type StepFailure } from './steps.ts'

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
  readonly repeatPolicy: RepeatPolicy
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** How tests end that were run to their end. */
export type RunVerdict = Exclude<Verdict, 'interrupted'>

export interface RunResult {
  readonly verdict: RunVerdict
  readonly failures: readonly FailedStep[]
  /** The tests that passed only when they were tried again. */
  readonly flaky: readonly string[]
  /** The cluster that was left running. */
  readonly left: LeftCluster | undefined
  /** Why tests were not run, if there are such. */
  readonly notRun?: string
}

/**
 * Runs tests one after the other, each on a cluster of its own; with `--no-start` all on the one that runs, up to a failure. Where
 * clusters are kept after a failure, the last one that failed is left running, and the tests behind it are run all the same.
 * @throws Failure when a cluster cannot be had, or is lost; the signal's reason when that is aborted
 */
export async function runTests(request: RunRequest): Promise<RunResult> {
  const { repeats, bail } = request.repeatPolicy
  const plan = request.plan.filter(planned => canRun(planned, request.emit))
  const leftOut = new Set<PlannedTest>()
  const failures: StepFailure[] = []
  const flaky: string[] = []
  const held = new HeldCluster(request.emit)
  let attached: LeftCluster | undefined
  let notRun: string | undefined
  let isPartial = false
  try {
    for (let repeat = 1; repeat <= repeats && plan.length > 0 && notRun === undefined; repeat++) {
      for (const [index, planned] of plan.entries()) {
        const isLast = repeat === repeats && index === plan.length - 1
        if (leftOut.has(planned)) continue
        const outcome = await tryTest(planned, repeat, isLast, held, request)
        if (!outcome) {
          leftOut.add(planned)
          continue
        }
        failures.push(...outcome.failures)
        if (outcome.isFlaky) flaky.push(planned.test.name)
        if (outcome.isPartial) isPartial = true
        if (outcome.kept) await held.hold(outcome.kept, planned.test.name)
        attached = outcome.attached
        const hasFailed = outcome.failures.length > 0
        if (bail && (hasFailed || outcome.isPartial)) notRun = 'a failure ends the run (--bail, --until-failure)'
        else if (attached && hasFailed) notRun = 'the cluster that runs is as the failure left it'
        if (notRun !== undefined) break
      }
    }
  } catch (error) {
    if (request.signal.aborted) await held.stop()
    else await sayKept(held, request.emit)
    throw error
  }
  const left = (await held.keep()) ?? attached
  const verdict = isPartial && failures.length === 0 ? 'broken' : verdictOf(failures)
  const isIncomplete = request.strict && plan.length - leftOut.size < request.plan.length
  const result = { verdict: verdict === 'passed' && isIncomplete ? 'failed' : verdict, failures, flaky, left } as const
  return notRun === undefined ? result : { ...result, notRun }
}

/** The run breaks: what failed before can be looked at all the same. */
async function sayKept(held: HeldCluster, emit: Emit): Promise<void> {
  const left = await held.keep()
  if (left)
    emit({ type: 'notice', text: `the cluster of ${left.test}, which failed, is left running as '${left.name}'` })
}

/**
 * Runs a test, and again while it fails and may be tried again.
 * @returns undefined when it is left out: what its VMs' kernel lacks nobody knows before that runs
 */
async function tryTest(planned: PlannedTest, repeat: number, isLast: boolean, held: HeldCluster, request: RunRequest) {
  const { repeats, retries } = request.repeatPolicy
  for (let attempt = 1; ; attempt++) {
    const turn = repeats > 1 || retries > 0 ? { repeat, attempt, attempts: retries + 1 } : undefined
    const outcome = await runTest(planned, turn, { isLast, mayRetry: attempt <= retries, held }, request)
    if (!outcome) return undefined
    if (!outcome.isRetried)
      return { ...outcome, isFlaky: outcome.failures.length === 0 && !outcome.isPartial && attempt > 1 }
  }
}

function canRun(planned: PlannedTest, emit: Emit): boolean {
  const { test, settings } = planned
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

/** What follows a test. */
interface Next {
  readonly isLast: boolean
  /** When it fails it is tried again. */
  readonly mayRetry: boolean
  /** The cluster of an earlier failure. */
  readonly held: HeldCluster
}

async function runTest(planned: PlannedTest, turn: Turn | undefined, next: Next, request: RunRequest) {
  const { test, settings } = planned
  const { emit, signal } = request
  const id = { test: test.name, ...(turn && { turn }) }
  emit({ type: 'test-start', ...id, summary: test.summary, file: fileOf(test), settings: settings.origins })
  try {
    return await runOnCluster(planned, id, next, request)
  } catch (error) {
    if (planned.optional && error instanceof Failure && error.code === 'NO_KIND') return leaveOut(planned, error, emit)
    const verdict = signal.aborted ? 'interrupted' : 'broken'
    emit({ type: 'test-end', ...id, verdict, why: error instanceof Error ? error.message : String(error) })
    throw error
  }
}

async function runOnCluster(
  planned: PlannedTest,
  id: { readonly test: string; readonly turn?: Turn },
  { isLast, mayRetry, held }: Next,
  request: RunRequest,
) {
  const { test, settings } = planned
  const { emit, signal } = request
  const cluster = await beginCluster(planned, held, request)
  const evidence = evidenceOf(settings, settings.cluster.name, id)
  let failures: readonly StepFailure[] = []
  let missing: string | undefined
  let silent: ReadonlySet<string> = new Set()
  try {
    forgetEvidence(evidence)
    await checkKernels(test, cluster.nodes, signal)
    failures = await runSteps(planned, cluster, request)
    let matrix: Matrix | undefined
    if (test.reach && failures.length === 0) {
      const toProve = { test, settings, reach: test.reach, nodes: cluster.nodes }
      const proof = await runProof(toProve, contextOf(planned, cluster, request, test.steps.length))
      failures = proof.failures
      matrix = proof.matrix
    }
    await verify(cluster, failures)
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
        timeoutSeconds: settings.timeoutSeconds,
        silent,
        emit,
      })
    }
    await verify(cluster, failures)
  } catch (error) {
    // What went wrong first is what counts.
    await endCluster(cluster, !settings.cluster.start || settings.cluster.keep === 'always').catch(() => {})
    throw error
  }
  const [first] = failures
  const isRetried = mayRetry && first !== undefined
  // The network is proved, but whoever reads the results must not take them for all.
  const isPartial = missing !== undefined && first === undefined
  emit({
    type: 'test-end',
    ...id,
    verdict: isPartial ? 'broken' : verdictOf(failures),
    why: isPartial ? `passed, but ${missing}` : first && `${first.step} on ${first.node}: ${first.why}`,
    ...(isRetried && { retried: true }),
  })
  const isKept = {
    never: false,
    always: (isLast && !isRetried) || (first !== undefined && !isRetried),
    usual: (first !== undefined && !isRetried) || (test.keepsCluster === true && isLast && !isRetried),
  }[settings.cluster.keep]
  const { name } = cluster
  if (!settings.cluster.start) {
    await cluster.keep()
    return { failures, isRetried, isPartial, attached: { name, test: test.name } }
  }
  if (isKept) return { failures, isRetried, isPartial, kept: cluster }
  await cluster.stop()
  return { failures, isRetried, isPartial }
}

/** Starts the cluster of a test, or attaches to the one that runs. The cluster of an earlier failure goes where there is no room for both. */
async function beginCluster(
  { test, settings, cluster }: PlannedTest,
  held: HeldCluster,
  { extraOvls, emit, signal }: RunRequest,
): Promise<RunningCluster> {
  const kernel = { kinds: test.needs.kinds ?? [], neighbours: neighbourEntries(test, settings) }
  const begin = { test: test.name, extraOvls, kernel, emit, signal }
  if (!settings.cluster.start) return await cluster.attach(begin)
  await held.makeRoomFor(cluster)
  if (!held.isThere) return await cluster.start(begin)
  try {
    return await cluster.start({ ...begin, beside: true })
  } catch (error) {
    if (!(error instanceof Failure && ROOM.includes(error.code))) throw error
    await held.stop(error.message)
    return await cluster.start(begin)
  }
}

/** What a host lacks that cannot run two clusters at a time. */
const ROOM = ['NO_MEMORY', 'LIMIT_TOO_LOW']

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
  of: test.steps.length + (test.reach ? 1 : 0),
  timeoutSeconds: settings.timeoutSeconds,
  emit,
  signal,
  diagnose: cluster.diagnose,
})

/**
 * What a broken cluster did or did not do says nothing about the network.
 * @throws Failure (exit 4) that names what broke, unless a failure does already
 */
async function verify(cluster: RunningCluster, failures: readonly StepFailure[]): Promise<void> {
  if (!failures.some(({ broken }) => broken)) await cluster.verify()
}

async function endCluster(cluster: RunningCluster, keep: boolean): Promise<void> {
  if (keep) await cluster.keep()
  else await cluster.stop()
}
