import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import type { ProcessOutput } from 'zx'
import type { ErrorCode } from '../errors/codes.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import { Failure } from '../errors/failure.ts'
import { callersEnvironment } from './environment.ts'
import { searchPath } from './requirements.ts'

export interface CommandOptions {
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** Kill the command's process group when this process dies, even by SIGKILL. For commands that take seconds. */
  readonly reapOrphans?: boolean
  /** A file for the command's stdout; truncated first. */
  readonly stdout?: string
  readonly onErrorLine?: (line: string) => void
  readonly failure?: {
    readonly exitCode: ExitCode
    readonly code: ErrorCode
    readonly hint?: string
    /** Name of the command in the message; default: its path. */
    readonly subject?: string
  }
}

const LAST_LINES = 5

/**
 * Runs a command on the host, in the C locale and with {@link searchPath}.
 * @returns its stdout
 * @throws Failure COMMAND_FAILED (exit 4), or as the options say, with the last lines of stderr; when the signal is
 *   aborted, its reason, after the command has ended
 */
export async function run(command: string, words: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { cwd, environment, signal, reapOrphans, stdout, onErrorLine, failure } = options
  // Loaded on demand: a test whose files are cached runs no command and starts faster.
  const { $ } = await import('zx')
  signal?.throwIfAborted()
  const file = stdout === undefined ? undefined : fs.openSync(stdout, 'w')
  try {
    const path = searchPath(callersEnvironment).join(':')
    const child = $({
      quiet: true,
      nothrow: true,
      stdio: ['ignore', file ?? 'pipe', 'pipe'],
      env: { ...callersEnvironment, PATH: path, LC_ALL: 'C', ...environment },
      // In its own process group, which endGroup() kills.
      detached: true,
      ...(cwd && { cwd }),
    })`${[command, ...words]}`
    const end = () => endGroup(child.pid)
    signal?.addEventListener('abort', end, { once: true })
    const release = reapOrphans && child.pid !== undefined ? startReaper(child.pid) : () => {}
    if (onErrorLine)
      child.stderr.on('data', (chunk: Buffer) => chunk.toString().split('\n').filter(Boolean).forEach(onErrorLine))
    const output = await child
    release()
    signal?.removeEventListener('abort', end)
    signal?.throwIfAborted()
    if (output.exitCode === 0) return output.stdout
    const { exitCode = 4, code = 'COMMAND_FAILED', hint, subject = command } = failure ?? {}
    throw new Failure(exitCode, code, `${subject} ${describeExit(output)}${lastLines(output.stderr)}`, { hint })
  } finally {
    if (file !== undefined) fs.closeSync(file)
  }
}

/** Sends SIGTERM to a process group, and SIGKILL after {@link KILL_GRACE_MS}. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined) return
  const kill = (name: NodeJS.Signals) => {
    try {
      process.kill(-leader, name)
    } catch {
      // The group has ended.
    }
  }
  kill('SIGTERM')
  setTimeout(kill, KILL_GRACE_MS, 'SIGKILL').unref()
}

/** Starts a process that kills a process group when this process dies. @returns releases the group */
function startReaper(leader: number): () => void {
  const words = [path.join(import.meta.dirname, 'end-group.sh'), String(leader), String(KILL_GRACE_MS / 1000)]
  const reaper = spawn('/bin/sh', words, {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  reaper.unref()
  // The reaper is best effort: it may fail to start or be killed.
  reaper.on('error', () => {})
  reaper.stdin.on('error', () => {})
  return () => reaper.stdin.end('released\n')
}

const KILL_GRACE_MS = 5000

/** Exit status of a shell that does not find a command. */
const NOT_FOUND = 127

function describeExit({ signal, exitCode }: ProcessOutput): string {
  if (signal) return `was killed by ${signal}`
  if (exitCode === NOT_FOUND) return 'could not be run (exit status 127)'
  return exitCode === null ? 'could not be run' : `exited with status ${exitCode}`
}

function lastLines(text: string): string {
  const lines = text.trim().split('\n').filter(Boolean).slice(-LAST_LINES)
  return lines.length === 0 ? '' : `: ${lines.join('\n  ')}`
}
