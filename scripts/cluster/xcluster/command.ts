import fs from 'node:fs'
import path from 'node:path'
import type { ExitCode } from '../../errors/exit-codes.ts'
import { Failure } from '../../errors/failure.ts'
import { run } from '../../host/command.ts'
import { withDeadline } from '../../host/deadline.ts'

/** A call of the xcluster command. */
export interface XclusterCall {
  /** $XCLUSTER */
  readonly command: string
  readonly words: readonly string[]
  /** Added to the caller's environment. */
  readonly exports: Readonly<Record<string, string>>
  readonly timeoutSeconds: number
  /** The exit status of this program when the command fails. */
  readonly exitCode: ExitCode
  /** Called with each line of stderr. */
  readonly onLine?: (line: string) => void
  readonly signal: AbortSignal
  /** Kill the command when this process dies. */
  readonly reapOrphans?: boolean
}

/**
 * Runs a command of xcluster.
 * @returns its stdout
 * @throws Failure XCLUSTER_FAILED with its last lines, or XCLUSTER_HANGS; the signal's reason when it is aborted
 */
export async function callXcluster(call: XclusterCall): Promise<string> {
  return await withTimeout(call, signal =>
    run(call.command, call.words, {
      environment: call.exports,
      signal,
      failure: { exitCode: call.exitCode, code: 'XCLUSTER_FAILED' },
      reapOrphans: call.reapOrphans ?? false,
      ...(call.onLine && { onErrorLine: call.onLine }),
    }),
  )
}

/**
 * Runs a command of xcluster that leaves processes running. They inherit its streams and never close them, so its
 * output goes to a file, which is read when the command ends.
 * @param directory for the file
 * @throws as {@link callXcluster}
 */
export async function callXclusterToStart(call: XclusterCall, directory: string): Promise<void> {
  const output = path.join(directory, 'output')
  const outputLines = () => (fs.existsSync(output) ? fs.readFileSync(output, 'utf8').split('\n').filter(Boolean) : [])
  try {
    await withTimeout(call, signal =>
      run('/bin/sh', ['-c', 'exec >"$0" 2>&1 "$@"', output, call.command, ...call.words], {
        environment: call.exports,
        signal,
        failure: { exitCode: call.exitCode, code: 'XCLUSTER_FAILED' },
      }),
    )
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'XCLUSTER_FAILED') throw error
    const lines = outputLines().slice(-LAST_LINES)
    const shown = [`'${commandLine(call)}' failed`, ...lines].join('\n  ')
    throw new Failure(call.exitCode, error.code, shown, { cause: error })
  } finally {
    for (const line of outputLines()) call.onLine?.(line)
  }
}

const LAST_LINES = 10

const commandLine = ({ command, words }: XclusterCall) => [command, ...words].join(' ')

async function withTimeout<T>(call: XclusterCall, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const message = `'${commandLine(call)}' did not end in ${call.timeoutSeconds} s`
  return await withDeadline(call.timeoutSeconds * 1000, ({ signal }) => task(signal), {
    parent: call.signal,
    reason: () => new Failure(call.exitCode, 'XCLUSTER_HANGS', message),
  })
}
