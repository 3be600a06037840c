import type { CodeFor, ErrorCode } from './codes.ts'
import type { ExitCode } from './exit-codes.ts'

export interface FailureDetails {
  /** What the user can do: a clause or command, printed in parentheses after the message. */
  readonly hint?: string | undefined
  readonly node?: string | undefined
  /** For debugging; never printed. */
  readonly cause?: unknown
}

/** An expected failure. The command line prints it once; any other error that gets there is an internal error. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: ErrorCode
  readonly exitCode: ExitCode
  readonly hint: string | undefined
  readonly node: string | undefined

  /** @param message one line without a full stop: what failed, where and why */
  constructor(exitCode: ExitCode, code: ErrorCode, message: string, details: FailureDetails = {}) {
    super(message, { cause: details.cause })
    this.exitCode = exitCode
    this.code = code
    this.hint = details.hint
    this.node = details.node
  }
}

/** A request that is invalid, contradictory or names something unknown: exit 2. */
export const usageFailure = (code: CodeFor<2>, message: string, details?: FailureDetails) =>
  new Failure(2, code, message, details)

/** The host lacks something that the user can provide: exit 3. */
export const environmentFailure = (code: CodeFor<3>, message: string, details?: FailureDetails) =>
  new Failure(3, code, message, details)

/** The infrastructure failed, neither the user's request nor the tested network: exit 4. */
export const infrastructureFailure = (code: CodeFor<4>, message: string, details?: FailureDetails) =>
  new Failure(4, code, message, details)

/** A test failed, or an input that is checked like one: exit 1. */
export const testFailure = (code: CodeFor<1>, message: string, details?: FailureDetails) =>
  new Failure(1, code, message, details)

/** `message (hint)`; the stack of an internal error. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Failure))
    return `internal error: ${error instanceof Error ? (error.stack ?? error.message) : error}`
  return error.hint ? `${error.message} (${error.hint})` : error.message
}
