import type { Attachment } from '../runtime/derive.ts'
import type { Result } from '../runtime/result.ts'
import { describeFailure, type Outcome, type Runtime } from '../runtime/runtime.ts'
import { Inapplicable, requireThat } from '../violation.ts'

/**
 * Requires the success of the operation under test.
 * @throws Violation when it failed
 */
export function requireSuccess(outcome: Outcome | undefined): void {
  requireThat(!outcome?.failure, describeFailure(outcome))
}

/**
 * Requires that an operation fails with an error. A plugin that hangs or crashes does not report one.
 * @param why it should have failed
 * @throws Violation when it succeeded, or a plugin was killed
 */
export function requireFailure(outcome: Outcome | undefined, why: string): void {
  requireThat(outcome?.failure !== undefined, why)
  const failed = outcome.calls.find(({ answer }) => !answer.ok)
  requireThat(failed?.end.status !== undefined, describeFailure(outcome))
}

/**
 * Requires the success of an operation that other checks test.
 * @param what begins the message: `DEL failed`
 * @throws Inapplicable when it failed
 */
export function requireWorking(what: string, outcome: Outcome | undefined): void {
  if (outcome?.failure) throw new Inapplicable(`${what}: ${describeFailure(outcome)}`)
}

/**
 * Detaches a container in a check that is not about DEL.
 * @throws Inapplicable when DEL fails
 */
export async function detach(runtime: Runtime, attachment: Attachment): Promise<void> {
  const [outcome] = await runtime.del([attachment])
  requireWorking('DEL failed', outcome)
}

/**
 * Calls DEL of all plugins in reverse order with a result that the runtime does not have.
 * @throws Violation when one fails
 */
export async function requireDelWith(
  runtime: Runtime,
  attachment: Attachment,
  result: Result | undefined,
): Promise<void> {
  for (const plugin of [...runtime.network.plugins].reverse()) {
    const { answer } = await runtime.call('DEL', plugin, attachment, result)
    if (!answer.ok) requireThat(false, `the plugin ${plugin.type} ${answer.why}`)
  }
}
