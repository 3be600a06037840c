import { setMaxListeners } from 'node:events'
import path from 'node:path'
import { CommanderError } from 'commander'
import { describeFailure, Failure } from '../errors/failure.ts'
import { Interrupted } from '../errors/interrupted.ts'
import { reasonOf, systemFailure } from '../host/files.ts'
import { restoreIgnoredSignals, withoutIgnored } from '../host/signals.ts'
import { plainLines } from '../host/text.ts'

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const ENVIRONMENT_LACKS_SOMETHING = 3
const INTERNAL_ERROR = 4
const WRONG_USAGE = 2

/**
 * Runs a program, prints its error on stderr, and sets the exit status.
 * @param programName prefix of messages
 * @param main gets a signal that is aborted with {@link Interrupted} at a termination signal
 */
export async function runProgram(programName: string, main: (signal: AbortSignal) => Promise<number>): Promise<void> {
  // Hundreds of nodes may listen to the same signal: Node would warn about a leak.
  setMaxListeners(0)
  const ending = new AbortController()
  const heeded = withoutIgnored(ENDING_SIGNALS)
  restoreIgnoredSignals()
  for (const name of heeded) process.on(name, () => ending.abort(new Interrupted(name)))
  // A closed pipe (`| head`) must not interrupt a test or print a stack trace. A full disk is reported at the end.
  const lost: NodeJS.ErrnoException[] = []
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.syscall && error.code !== 'EPIPE') lost.push(error)
  })
  // The terminal was closed: no messages, but reports and cleanup must go on.
  process.stderr.on('error', () => {})
  // Node exits with 0 when its event loop is empty, even within an `await`: that must not look like success.
  const unfinished = () => {
    process.stderr.write(`${programName}: internal error: ended before its work was done\n`)
    process.exitCode = INTERNAL_ERROR
  }
  process.once('exit', unfinished)
  // An unhandled error: the first one ends the run with reports and cleanup, the second one immediately.
  const onUncaught = (error: unknown) => {
    if (ending.signal.aborted) {
      process.stderr.write(`${programName}: ${describeError(error)}\n`)
      process.off('exit', unfinished)
      process.exit(exitCodeOf(error))
    }
    ending.abort(error)
  }
  process.on('uncaughtException', onUncaught)
  try {
    process.exitCode = await main(ending.signal)
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    // Commander has printed its message.
    if (!(error instanceof CommanderError)) process.stderr.write(`${programName}: ${describeError(error)}\n`)
  } finally {
    // The stream reports errors asynchronously.
    await new Promise(resolve => setImmediate(resolve))
    const [first] = lost
    // A thrown error has been reported already.
    if (first && process.exitCode !== ENVIRONMENT_LACKS_SOMETHING) {
      process.stderr.write(`${programName}: cannot write standard output: ${reasonOf(first)}\n`)
      process.exitCode ||= ENVIRONMENT_LACKS_SOMETHING
    }
    process.off('exit', unfinished)
    process.off('uncaughtException', onUncaught)
    for (const name of heeded) process.removeAllListeners(name)
  }
}

/** The exit status for an error. */
export function exitCodeOf(thrown: unknown): number {
  const error = systemFailure(thrown)
  if (error instanceof Failure || error instanceof Interrupted) return error.exitCode
  // Help and version exit with 0; all other errors of commander are wrong usage.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE
  return INTERNAL_ERROR
}

/** An error message for the user, without control characters of quoted output. */
export const describeError = (error: unknown): string =>
  error instanceof Interrupted ? error.message : plainLines(describeFailure(systemFailure(error)))

/** The program's path relative to the working directory, to be typed by the user. */
export function programAsTyped(): string {
  const relative = path.relative(process.cwd(), process.argv[1] ?? '')
  if (relative.startsWith('..')) return process.argv[1] ?? ''
  return `./${relative}`
}
