import type { Emit } from '../events/events.ts'
import { isFlaky, ONCE } from '../events/outcomes.ts'
import { HeldCluster, type LeftCluster } from './held.ts'
import { checkNeeds } from './needs.ts'
import type { PlannedTest, RunRequest, RunResult } from './plan.ts'
import { runTest, skipTest, verdictOf } from './run-test.ts'
import type { StepFailure } from './steps.ts'

/**
 * Runs tests sequentially, each on its own cluster; with `--no-start` all on the running one, up to the first failure.
 * Where clusters are retained, the last one that failed is left running while the remaining tests run.
 * @throws Failure when a cluster cannot be started, or is lost; the signal's reason when that is aborted
 */
export async function runTests(request: RunRequest): Promise<RunResult> {
  const { repeats, bail } = request.repeatPolicy
  const plan = request.plan.filter(planned => canRun(planned, request))
  const skipped = new Set<PlannedTest>()
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
        if (skipped.has(planned)) continue
        const outcome = await tryTest(planned, repeat, isLast, held, request)
        if (!outcome) {
          skipped.add(planned)
          continue
        }
        failures.push(...outcome.failures)
        if (outcome.isFlaky) flaky.push(planned.test.name)
        if (outcome.isPartial) isPartial = true
        if (outcome.kept) await held.hold(outcome.kept, planned.test.name)
        attached = outcome.attached
        const hasFailed = outcome.failures.length > 0
        if (bail && (hasFailed || outcome.isPartial))
          notRun = 'the run ends at the first failure (--bail, --until-failure)'
        else if (attached && hasFailed) notRun = 'the failure left the running cluster in an unknown state'
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
  const isIncomplete = request.strict && plan.length - skipped.size < request.plan.length
  const result = { verdict: verdict === 'passed' && isIncomplete ? 'failed' : verdict, failures, flaky, left } as const
  return notRun === undefined ? result : { ...result, notRun }
}

/** Keeps the cluster of an earlier failure although the run breaks. */
async function sayKept(held: HeldCluster, emit: Emit): Promise<void> {
  const left = await held.keep()
  if (left)
    emit({ type: 'notice', text: `the cluster of ${left.test}, which failed, is left running as '${left.name}'` })
}

/**
 * Runs a test, with retries.
 * @returns undefined if it is skipped because the kernel of its running nodes lacks something
 */
async function tryTest(planned: PlannedTest, repeat: number, isLast: boolean, held: HeldCluster, request: RunRequest) {
  const { repeats, retries } = request.repeatPolicy
  for (let attempt = 1; ; attempt++) {
    const turn = repeats > 1 || retries > 0 ? { repeat, attempt, attempts: retries + 1 } : undefined
    const outcome = await runTest(planned, turn, { isLast, mayRetry: attempt <= retries, held }, request)
    if (!outcome) return undefined
    const { verdict, isRetried } = outcome
    if (!isRetried) return { ...outcome, isFlaky: isFlaky({ verdict, turn: turn ?? ONCE }) }
  }
}

function canRun(planned: PlannedTest, { extraOvls, emit }: RunRequest): boolean {
  const { test, settings } = planned
  try {
    checkNeeds(test, settings, extraOvls.length > 0)
    return true
  } catch (error) {
    skipTest(planned, error, emit)
    return false
  }
}
