import { isCommandStep, isFunctionStep, type Step, stepName, whereOf } from '../cases/steps.ts'
import { environmentFailure, Failure, testFailure } from '../errors/failure.ts'
import { withDeadline } from '../host/deadline.ts'
import { describeSelector } from '../settings/selectors.ts'
import { endBackground, startBackground } from './commands/background.ts'
import { runCommand } from './commands/command.ts'
import { putFiles } from './commands/files.ts'
import { runFunction } from './functions/function.ts'
import { onHost } from './functions/scope.ts'
import { endHostStep } from './host-step.ts'
import { runStep, type StepContext, type StepFailure, stepTimeout } from './steps.ts'
import { nextContext, nodesFor, type TestRun } from './test-run.ts'

/**
 * Runs steps up to the first that fails.
 * @throws Failure NO_NODE (exit 3); the signal's reason when that is aborted
 */
export async function runSteps(steps: readonly Step[], run: TestRun): Promise<readonly StepFailure[]> {
  for (const step of steps) {
    const failures = await runAnyStep(step, run)
    if (failures.length > 0) return failures
  }
  return []
}

async function runAnyStep(step: Step, run: TestRun): Promise<readonly StepFailure[]> {
  const name = stepName(step)
  const where = whereOf(step)
  const nodes = where === undefined ? run.cluster.nodes : nodesFor(run, where)
  if (nodes.length === 0) {
    throw environmentFailure(
      'NO_NODE',
      `${run.test.name}: the cluster '${run.cluster.name}' has no ${describeSelector(where ?? 'all')} to run ${name}`,
    )
  }
  if (isFunctionStep(step)) return await runFunction(step, run, nextContext(run))
  if (!isCommandStep(step)) return await runStep(step, nodes, nextContext(run))
  const { files = [], background } = step
  if (files.length > 0) {
    const put = (signal: AbortSignal) => putFiles(files, nodes, run.test.file, signal)
    const failures = await onHostWithin(`${name}: files`, nextContext(run), run, put)
    if (failures.length > 0) return failures
  }
  if (!background) return (await runCommand({ ...step, name }, run, nextContext(run))).failures
  const start = (signal: AbortSignal) => startBackground({ ...step, ...background, name }, run, signal)
  return await onHostWithin(name, nextContext(run), run, start)
}

/** Performs something as a step of the host. */
async function onHostWithin(
  name: string,
  context: StepContext,
  run: TestRun,
  perform: (signal: AbortSignal) => Promise<unknown>,
): Promise<readonly StepFailure[]> {
  const failures: StepFailure[] = []
  const { timeoutSeconds, signal } = context
  const options = { parent: signal, reason: () => stepTimeout(timeoutSeconds) }
  await onHost(name, context, run, failures, async () => {
    await withDeadline(timeoutSeconds * 1000, deadline => perform(deadline.signal), options)
  })
  return failures
}

/** Time for the clean-up after an interruption: the user waits. */
const INTERRUPTED_SECONDS = 15

/**
 * Ends commands in the background, then runs the clean-up of a test, also after a failure or an interruption. A command
 * that had already exited with a status other than 0 is a failure.
 */
export async function cleanUp(run: TestRun): Promise<readonly StepFailure[]> {
  const { test, settings, signal } = run
  const steps = test.cleanup ?? []
  if (steps.length === 0 && run.background.length === 0) return []
  const seconds = signal.aborted ? INTERRUPTED_SECONDS : settings.timeoutSeconds
  const failures: StepFailure[] = []
  const perform = async (deadline: { readonly signal: AbortSignal }) => {
    const own: TestRun = { ...run, signal: deadline.signal }
    if (run.background.length > 0) {
      const end = async () => {
        for (const task of [...run.background]) {
          const ended = await endBackground(task, run, deadline.signal)
          const early = ended.find(({ status }) => status !== undefined && status !== 0)
          const why = `${early?.where}: '${task.name}' in the background exited with status ${early?.status}`
          if (early) throw testFailure('BACKGROUND_ENDED', why)
        }
      }
      failures.push(...(await onHostWithin('end background', nextContext(own), own, end)))
    }
    for (const step of steps) failures.push(...(await runAnyStep(step, own)))
  }
  try {
    await withDeadline(seconds * 1000, perform, { reason: () => stepTimeout(seconds) })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    failures.push(endHostStep('cleanup', nextContext(run), { why: error.message, broken: error.exitCode !== 1 }))
  }
  return failures
}
