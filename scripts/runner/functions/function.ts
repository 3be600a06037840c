import type { FunctionStep } from '../../cases/steps.ts'
import type { StepId } from '../../events/events.ts'
import { withDeadline } from '../../host/deadline.ts'
import { type StepContext, type StepFailure, stepTimeout } from '../steps.ts'
import type { TestRun } from '../test-run.ts'
import { contextFor } from './context.ts'
import { describeReported, type FunctionScope, onHost, Reported, whenAborted } from './scope.ts'

/** Runs a function of the test as a step. @throws the signal's reason when that is aborted */
export async function runFunction(
  step: FunctionStep,
  run: TestRun,
  context: StepContext,
): Promise<readonly StepFailure[]> {
  const { signal, timeoutSeconds } = context
  const failures: StepFailure[] = []
  const pending = new Set<Promise<unknown>>()
  const perform = async (id: StepId) => {
    await withDeadline(
      timeoutSeconds * 1000,
      async deadline => {
        const scope: FunctionScope = { run, id, signal: deadline.signal, failures, pending }
        try {
          // A function may ignore the signal.
          await Promise.race([whenAborted(deadline.signal), step.run(contextFor(step.where ?? 'all', scope))])
        } finally {
          await Promise.allSettled(pending)
        }
      },
      { parent: signal, reason: () => stepTimeout(timeoutSeconds) },
    )
    if (failures.length > 0) throw new Reported(describeReported(failures))
  }
  await onHost(step.name, context, run, failures, perform)
  return failures
}
