import { $, type ProcessOutput } from 'zx'
import { type ExitCode, Failure } from '../errors/failure.ts'
import { callersEnvironment } from '../settings/environment.ts'

/** How a host command is run. */
export interface CommandOptions {
  readonly cwd?: string
  /** Added to the caller's environment. */
  readonly environment?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Gets each line that the command writes on stderr. */
  readonly onErrorLine?: (line: string) => void
  /** What its failure means. */
  readonly failure?: { readonly exitCode: ExitCode; readonly code: string; readonly hint?: string }
}

const LAST_LINES = 5

/**
 * Runs a command of the host in the C locale.
 * @returns what it wrote on stdout
 * @throws Failure COMMAND_FAILED (exit 4, or as the options say) with its last lines on stderr
 */
export async function run(command: string, words: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { cwd, environment, signal, onErrorLine, failure } = options
  const child = $({
    quiet: true,
    nothrow: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...callersEnvironment, LC_ALL: 'C', ...environment },
    ...(cwd && { cwd }),
    ...(signal && { signal }),
  })`${[command, ...words]}`
  if (onErrorLine)
    child.stderr.on('data', (chunk: Buffer) => chunk.toString().split('\n').filter(Boolean).forEach(onErrorLine))
  const output = await child
  signal?.throwIfAborted()
  if (output.exitCode === 0) return output.stdout
  throw new Failure(
    failure?.exitCode ?? 4,
    failure?.code ?? 'COMMAND_FAILED',
    `${command} ${how(output)}${lastLines(output.stderr)}`,
    {
      hint: failure?.hint,
    },
  )
}

const how = (output: ProcessOutput) =>
  output.signal
    ? `was ended by ${output.signal}`
    : output.exitCode === null
      ? 'could not be run'
      : `failed (exit ${output.exitCode})`

function lastLines(text: string): string {
  const lines = text.trim().split('\n').filter(Boolean).slice(-LAST_LINES)
  return lines.length === 0 ? '' : `: ${lines.join('\n  ')}`
}
