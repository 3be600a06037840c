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
const OUR_FAULT = 4
const WRONG_USAGE = 2

/**
 * The edge of a program: runs it, prints the one error that comes out of it on stderr, and sets the exit code.
 * @param programName goes in front of messages
 * @param main gets a signal that is aborted with {@link Interrupted} when the program is told to end
 */
export async function runProgram(programName: string, main: (signal: AbortSignal) => Promise<number>): Promise<void> {
  // Hundreds of nodes may wait for the same signal: that is no leak, of which Node warns on stderr.
  setMaxListeners(0)
  const ending = new AbortController()
  const heeded = withoutIgnored(ENDING_SIGNALS)
  restoreIgnoredSignals()
  for (const name of heeded) process.on(name, () => ending.abort(new Interrupted(name)))
  // Whoever read our output may leave first (`| head`): that is no reason to break off a test, nor for a stack trace.
  // A disk that is full is told in the end.
  const lost: NodeJS.ErrnoException[] = []
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.syscall && error.code !== 'EPIPE') lost.push(error)
  })
  // A terminal that was closed: nobody is left to be told, and reports and clean-up are still to be done.
  process.stderr.on('error', () => {})
  // Node ends when nothing is left to wait for, even in the middle of an `await`: that must not look like an end.
  const unfinished = () => {
    process.stderr.write(`${programName}: internal error: ended before its work was done\n`)
    process.exitCode = OUR_FAULT
  }
  process.once('exit', unfinished)
  // An error that nobody waited for: the first one ends the run in order, with its reports, another one at once.
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
    // Commander has said what was wrong itself.
    if (!(error instanceof CommanderError)) process.stderr.write(`${programName}: ${describeError(error)}\n`)
  } finally {
    // The stream tells its errors a moment later.
    await new Promise(resolve => setImmediate(resolve))
    const [first] = lost
    // An error that was thrown for it has told it already.
    if (first && process.exitCode !== ENVIRONMENT_LACKS_SOMETHING) {
      process.stderr.write(`${programName}: cannot write standard output: ${reasonOf(first)}\n`)
      process.exitCode ||= ENVIRONMENT_LACKS_SOMETHING
    }
    process.off('exit', unfinished)
    process.off('uncaughtException', onUncaught)
    for (const name of heeded) process.removeAllListeners(name)
  }
}

/** The exit code that tells what an error is. */
export function exitCodeOf(thrown: unknown): number {
  const error = systemFailure(thrown)
  if (error instanceof Failure || error instanceof Interrupted) return error.exitCode
  // Help and version end with 0, everything else that commander throws is wrong usage.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE
  return OUR_FAULT
}

/** An error as the person gets to read it, without the control characters of a program that it quotes. */
export const describeError = (error: unknown): string =>
  error instanceof Interrupted ? error.message : plainLines(describeFailure(systemFailure(error)))

/** The program as it can be typed again from here. */
export function programAsTyped(): string {
  const relative = path.relative(process.cwd(), process.argv[1] ?? '')
  if (relative.startsWith('..')) return process.argv[1] ?? ''
  return `./${relative}`
}
