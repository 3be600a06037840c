import type { FailedStep } from '../events/events.ts'
import { type StepContext, type StepFailure, startStep } from './steps.ts'

/** How events name this program among the nodes. */
export const HOST = 'host'

interface HostFailure {
  readonly why: string
  readonly location?: string | undefined
  readonly lastLines?: readonly string[]
  readonly broken?: boolean
}

/** Reports a step of the host that failed at once. */
export function endHostStep(step: string, context: StepContext, failure: HostFailure): StepFailure {
  const id = startStep(step, [{ name: HOST }], context, step)
  const failed = failedOn(HOST, id, failure)
  context.emit({ type: 'step-end', ...id, node: HOST, failure: failed, milliseconds: 0 })
  return failed
}

/** The failure of a step on a node. */
export const failedOn = (
  node: string,
  id: Pick<FailedStep, 'test' | 'step' | 'index'>,
  { why, location, lastLines = [], broken = false }: HostFailure,
): StepFailure => ({ ...id, node, why, lastLines, broken, ...(location !== undefined && { location }) })
