import type { CheckOptions, CheckVerdict } from '../../cases/context.ts'
import { fileOf } from '../../cases/test-case.ts'
import { Failure } from '../../errors/failure.ts'
import type { StepId } from '../../events/events.ts'
import { locationIn } from '../../host/stack.ts'
import { failedOn, HOST } from '../host-step.ts'
import { type StepContext, type StepFailure, startStep } from '../steps.ts'
import { nextContext, type TestRun } from '../test-run.ts'

/** Ends a check as skipped. */
class Skipped extends Error {}

/** Ends a function whose cause has been reported as a step of its own. */
export class Reported extends Error {}

/** A step of the host that a function of the test performs. */
export interface FunctionScope {
  readonly run: TestRun
  readonly id: StepId
  /** Aborted by the deadline. */
  readonly signal: AbortSignal
  /** Failures of steps within it. */
  readonly failures: StepFailure[]
  /** Calls that have not ended, whether the function awaits them or not. */
  readonly pending: Set<Promise<unknown>>
}

/** Registers a call: a function that does not await it neither misses its failure nor outruns it. */
export function track<T>({ pending }: FunctionScope, call: Promise<T>): Promise<T> {
  pending.add(call)
  const forget = () => void pending.delete(call)
  call.then(forget, forget)
  return call
}

/**
 * Runs a function as a step within another.
 * @throws Reported when it fails
 */
export async function runWithin<T>(
  name: string,
  outer: FunctionScope,
  perform: (scope: FunctionScope) => T | Promise<T>,
) {
  const context = innerContext(outer)
  const failures: StepFailure[] = []
  let result: T | undefined
  await onHost(name, context, outer.run, failures, async id => {
    result = await Promise.race([whenAborted(outer.signal), perform({ ...outer, id, failures })])
    if (failures.length > 0) throw new Reported(describeReported(failures))
  })
  outer.failures.push(...failures)
  if (failures.length > 0) throw new Reported(describeReported(failures))
  return result as T
}

interface CheckOutcome {
  skip(reason: string): never
  warn(reason: string): void
}

/** Runs a function as a check: its failure does not end the function around it. */
export async function runCheck(
  name: string,
  outer: FunctionScope,
  perform: (scope: FunctionScope, outcome: CheckOutcome) => unknown,
  { node = HOST, milliseconds }: CheckOptions = {},
): Promise<CheckVerdict> {
  const { run } = outer
  const context = innerContext(outer)
  const begun = performance.now()
  const id = startStep(name, [{ name: node }], context, name)
  const failures: StepFailure[] = []
  const warnings: string[] = []
  const outcome: CheckOutcome = {
    skip: reason => {
      throw new Skipped(reason)
    },
    warn: reason => void warnings.push(reason),
  }
  let skipped: string | undefined
  try {
    await Promise.race([whenAborted(outer.signal), perform({ ...outer, id, failures }, outcome)])
    if (failures.length > 0) throw new Reported(describeReported(failures))
    if (run.strict && warnings.length > 0) throw new Error(warnings.join('; '))
  } catch (error) {
    if (run.signal.aborted) throw run.signal.reason
    if (error instanceof Skipped) skipped = error.message
    else failures.push(failureOf(error, node, id, run))
  }
  const [failure] = failures.filter(each => each.index === id.index)
  const warning = warnings.length > 0 && !failure && skipped === undefined ? warnings.join('; ') : undefined
  run.emit({
    type: 'step-end',
    ...id,
    node,
    failure,
    milliseconds: milliseconds ?? performance.now() - begun,
    ...(skipped !== undefined && { skipped }),
    ...(warning !== undefined && { warning }),
  })
  outer.failures.push(...failures)
  if (failure) return 'failed'
  if (skipped !== undefined) return 'skipped'
  return warning === undefined ? 'passed' : 'warning'
}

/** The context of a step within a function. */
export const innerContext = ({ run, id, signal }: FunctionScope): StepContext => nextContext(run, id.index, signal)

/** Reports a function as a step of the host. Adds its failure to those of the steps within. */
export async function onHost(
  name: string,
  context: StepContext,
  run: TestRun,
  failures: StepFailure[],
  perform: (id: StepId) => Promise<void>,
): Promise<void> {
  const begun = performance.now()
  const id = startStep(name, [{ name: HOST }], context, name)
  let failure: StepFailure | undefined
  try {
    await perform(id)
  } catch (error) {
    if (run.signal.aborted) throw run.signal.reason
    failure = failureOf(error, HOST, id, run)
    failures.push(failure)
  } finally {
    const milliseconds = performance.now() - begun
    if (!run.signal.aborted) run.emit({ type: 'step-end', ...id, node: HOST, failure, milliseconds })
  }
}

/** How many lines of a message are shown. */
const MOST_LINES = 20

/** The failure of a function that threw. */
function failureOf(error: unknown, node: string, id: StepId, { test }: TestRun): StepFailure {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
  const location = error instanceof Reported ? undefined : locationIn(stack, test.file, fileOf(test))
  const [first = '', ...rest] = message.trim().split('\n')
  const broken = error instanceof Failure && error.exitCode !== 1
  const why = first || (error instanceof Error ? error.name : 'the function threw an empty value')
  return failedOn(node, id, { why, location, lastLines: rest.slice(0, MOST_LINES), broken })
}

/** The failures of steps within a function, as the reason of the function's own failure. */
export function describeReported(failures: readonly StepFailure[]): string {
  const names = [...new Set(failures.map(({ step }) => step))]
  return names.length === 1 ? `${names[0]} failed` : `${names.length} steps failed: ${names.slice(0, 8).join(', ')}`
}

export const whenAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
  })
