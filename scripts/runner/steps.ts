import { type BuiltInStep, isNodeStep, type NodeStep } from '../cases/steps.ts'
import type { NodeDiagnosis } from '../cluster/cluster.ts'
import { Failure, testFailure } from '../errors/failure.ts'
import type { Emit, FailedStep, StepId } from '../events/events.ts'
import { withDeadline } from '../host/deadline.ts'
import { capture, type Node, runLines } from '../ssh/node.ts'

/** How many lines of output are shown with a failure. */
export const LAST_LINES = 8

export interface StepContext {
  readonly test: string
  /** 1 for the first step. */
  readonly index: number
  /** The number of steps, including the proof. */
  readonly of: number
  /** The index of the step whose function calls this one. */
  readonly within?: number
  readonly timeoutSeconds: number
  readonly emit: Emit
  readonly signal: AbortSignal
  diagnose(node: Node): Promise<NodeDiagnosis>
}

export type StepFailure = FailedStep & { readonly broken: boolean }

/**
 * Runs a step on its nodes in parallel, and waits for all.
 * @returns the failures
 * @throws the signal's reason when that is aborted
 */
export async function runStep(
  step: BuiltInStep | NodeStep,
  nodes: readonly Node[],
  context: StepContext,
): Promise<readonly StepFailure[]> {
  const id = startStep(step.name, nodes, context)
  const failures = await Promise.all(
    nodes.map(async node => {
      const begun = performance.now()
      const failure = await runOn(node, step, id, context)
      context.emit({ type: 'step-end', ...id, node: node.name, failure, milliseconds: performance.now() - begun })
      return failure
    }),
  )
  return failures.filter(failure => failure !== undefined)
}

/** Reports the start of a step. */
export function startStep(
  step: string,
  nodes: readonly Pick<Node, 'name'>[],
  { test, index, of, within, emit }: StepContext,
  title?: string,
): StepId {
  const id: StepId = { test, step, index }
  const names = nodes.map(({ name }) => name)
  emit({
    type: 'step-start',
    ...id,
    nodes: names,
    of,
    ...(within !== undefined && { within }),
    ...(title && { title }),
  })
  return id
}

/** The title that `netns_test` prints: on stdout for the log, and again on stderr. */
const SLOGAN = /^ {2}\d\d:\d\d:\d\d \([^)]*\): TEST CASE: /

async function runOn(
  node: Node,
  step: BuiltInStep | NodeStep,
  id: StepId,
  context: StepContext,
): Promise<StepFailure | undefined> {
  const { emit, signal, timeoutSeconds } = context
  const lastLines: string[] = []
  let reason: string | undefined
  const onLine = (stream: 'stdout' | 'stderr', text: string) => {
    if (stream === 'stdout' && SLOGAN.test(text)) return
    const line = withoutStamp(text, node.name)
    emit({ type: 'output', ...id, node: node.name, stream, line })
    reason = /\bFAILED: (.*)/s.exec(line)?.[1] ?? reason
    if (lastLines.push(line) > LAST_LINES) lastLines.shift()
  }
  const perform = async (deadline: AbortSignal): Promise<string | undefined> => {
    if (isNodeStep(step)) return await runFunctionOn(node, step, onLine, deadline)
    const words = ['netns_test', `tcase_${step.tcase ?? step.name}`, ...(step.arguments ?? [])]
    const exitCode = await runLines(node, words, onLine, deadline)
    return exitCode === 0 ? undefined : (reason ?? `exited with status ${exitCode}`)
  }
  try {
    const why = await withDeadline(timeoutSeconds * 1000, deadline => perform(deadline.signal), {
      parent: signal,
      reason: () => stepTimeout(timeoutSeconds),
    })
    return why === undefined ? undefined : { ...id, node: node.name, why, lastLines, broken: false }
  } catch (error) {
    return await failureFor(error, node, { ...id, lastLines }, context)
  }
}

/** @returns why it failed */
async function runFunctionOn(
  node: Node,
  { title, runOnNode }: NodeStep,
  onLine: (stream: 'stdout' | 'stderr', line: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  onLine('stderr', `TEST CASE: ${title}`)
  const stepNode = {
    name: node.name,
    capture: (words: readonly string[], input?: string) => capture(node, words, signal, input),
    warn: (line: string) => onLine('stderr', line),
  }
  try {
    await runOnNode(stepNode)
    return undefined
  } catch (error) {
    if (signal.aborted || (error instanceof Failure && error.exitCode !== 1)) throw error
    const { message } = error as Error
    onLine('stderr', `FAILED: ${message}`)
    return message
  }
}

/**
 * The failure of a step on a node whose command ended by an error. A lost node is diagnosed.
 * @throws the error if it is not a Failure, or the run is interrupted
 */
export async function failureFor(
  error: unknown,
  node: Node,
  step: StepId & Pick<FailedStep, 'lastLines'>,
  { signal, diagnose }: Pick<StepContext, 'signal' | 'diagnose'>,
): Promise<StepFailure> {
  if (!(error instanceof Failure) || signal.aborted) throw error
  const failure = { ...step, node: node.name }
  if (error.exitCode === 1) return { ...failure, why: error.message, broken: false }
  const { how, console } = await diagnose(node)
  const lastLines = [...step.lastLines, ...console.map(line => `console: ${line}`)]
  return { ...failure, lastLines, why: `${error.message}; ${how}`, broken: true }
}

/**
 * Strips the indentation, time and node name of a node's own lines: reporters show the host's time.
 */
const withoutStamp = (line: string, node: string): string => {
  const [stamp = ''] = /^(?: {2})?\d\d:\d\d:\d\d \([^)]*\): /.exec(line) ?? []
  return stamp.endsWith(` (${node}): `) ? line.slice(stamp.length) : line
}

/** The reason of a step that exceeds its time. */
export const stepTimeout = (seconds: number) => testFailure('STEP_HUNG', `did not end in ${seconds} s`)
