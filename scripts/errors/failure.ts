import type { CodeFor, ErrorCode } from './codes.ts'
import type { ExitCode } from './exit-codes.ts'

/** What else a {@link Failure} can carry. */
export interface FailureDetails {
  /** The way out, as a sentence or command for the person: printed on the same message. */
  readonly hint?: string | undefined
  /** The node that it is about. */
  readonly node?: string | undefined
  /** What lies beneath: for whoever debugs, never printed. */
  readonly cause?: unknown
}

/**
 * The one error that this project throws on purpose. It is printed once, at the edge (the command line); what is
 * not a `Failure` there is a bug of ours.
 */
export class Failure extends Error {
  override readonly name = 'Failure'
  /** For tests, and for programs that read reports. */
  readonly code: ErrorCode
  readonly exitCode: ExitCode
  readonly hint: string | undefined
  readonly node: string | undefined

  /** @param message one line that names what was wrong and where, without a full stop */
  constructor(exitCode: ExitCode, code: ErrorCode, message: string, details: FailureDetails = {}) {
    super(message, { cause: details.cause })
    this.exitCode = exitCode
    this.code = code
    this.hint = details.hint
    this.node = details.node
  }
}

/** The person asked for something that does not exist or contradicts itself: exit 2. */
export const usageFailure = (code: CodeFor<2>, message: string, details?: FailureDetails) =>
  new Failure(2, code, message, details)

/** The machine lacks something that the person can provide: exit 3. */
export const environmentFailure = (code: CodeFor<3>, message: string, details?: FailureDetails) =>
  new Failure(3, code, message, details)

/** Something broke that is neither the person's nor the tested network's doing: exit 4. */
export const infrastructureFailure = (code: CodeFor<4>, message: string, details?: FailureDetails) =>
  new Failure(4, code, message, details)

/** A test, or an input that is examined like one, did not stand: exit 1. */
export const testFailure = (code: CodeFor<1>, message: string, details?: FailureDetails) =>
  new Failure(1, code, message, details)

/** How a failure looks to the person: one message, its hint behind it in parentheses. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Failure))
    return `internal error: ${error instanceof Error ? (error.stack ?? error.message) : error}`
  return error.hint ? `${error.message} (${error.hint})` : error.message
}
