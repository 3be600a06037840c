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

/** How a host command is run. */
export interface CommandOptions {
  readonly cwd?: string
  /** Added to the caller's environment. */
  readonly environment?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** End it, with all that it has started, also when this process is killed: for what takes seconds. */
  readonly leashed?: boolean
  /** A file that is made anew and gets the command's stdout. */
  readonly stdout?: string
  /** Gets each line that the command writes on stderr. */
  readonly onErrorLine?: (line: string) => void
  /** What its failure means. */
  readonly failure?: {
    readonly exitCode: ExitCode
    readonly code: ErrorCode
    readonly hint?: string
    /** What the command is called in the message; its path when missing. */
    readonly subject?: string
  }
}

const LAST_LINES = 5

/**
 * Runs a command of the host in the C locale, where also administrators' commands are found.
 * @returns what it wrote on stdout
 * @throws Failure COMMAND_FAILED (exit 4, or as the options say) with its last lines on stderr; the signal's reason when that
 *   is aborted, after the command has ended
 */
export async function run(command: string, words: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { cwd, environment, signal, leashed, stdout, onErrorLine, failure } = options
  // Loaded where a command is run: a test on what is in the cache runs none, and starts sooner.
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
      // A process group of its own, so that whatever it has started ends with it.
      detached: true,
      ...(cwd && { cwd }),
    })`${[command, ...words]}`
    const end = () => endGroup(child.pid)
    signal?.addEventListener('abort', end, { once: true })
    const release = leashed && child.pid !== undefined ? leash(child.pid) : () => {}
    if (onErrorLine)
      child.stderr.on('data', (chunk: Buffer) => chunk.toString().split('\n').filter(Boolean).forEach(onErrorLine))
    const output = await child
    release()
    signal?.removeEventListener('abort', end)
    signal?.throwIfAborted()
    if (output.exitCode === 0) return output.stdout
    const { exitCode = 4, code = 'COMMAND_FAILED', hint, subject = command } = failure ?? {}
    throw new Failure(exitCode, code, `${subject} ${how(output)}${lastLines(output.stderr)}`, { hint })
  } finally {
    if (file !== undefined) fs.closeSync(file)
  }
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return
  const kill = (name: NodeJS.Signals) => {
    try {
      process.kill(-leader, name)
    } catch {
      // All of it has ended meanwhile.
    }
  }
  kill('SIGTERM')
  setTimeout(kill, OBSTINATE_MS, 'SIGKILL').unref()
}

/** A process that waits for the end of this one, and ends the group if it was not released by then. */
function leash(leader: number): () => void {
  const words = [path.join(import.meta.dirname, 'end-group.sh'), String(leader), String(OBSTINATE_MS / 1000)]
  const watcher = spawn('/bin/sh', words, {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  // It could not be started, or was killed: then there is no leash.
  watcher.on('error', () => {})
  watcher.stdin.on('error', () => {})
  return () => watcher.stdin.end('released\n')
}

/** After which a command is not asked any more. */
const OBSTINATE_MS = 5000

/** What a shell exits with when it does not find a command. */
const NOT_FOUND = 127

function how({ signal, exitCode }: ProcessOutput): string {
  if (signal) return `was ended by ${signal}`
  if (exitCode === NOT_FOUND) return 'could not be run (exit status 127)'
  return exitCode === null ? 'could not be run' : `exited with status ${exitCode}`
}

function lastLines(text: string): string {
  const lines = text.trim().split('\n').filter(Boolean).slice(-LAST_LINES)
  return lines.length === 0 ? '' : `: ${lines.join('\n  ')}`
}
