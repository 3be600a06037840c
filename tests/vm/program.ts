import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { quoteWord } from '../../scripts/ssh/quote.ts'
import { tool } from '../needs.ts'

const NETNS = path.resolve(import.meta.dirname, '../../netns.ts')

/** Result of a call of the program. */
export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The program with a separate state directory, which isolates a test from other clusters. */
export interface Program {
  readonly state: string
  run(...words: string[]): Promise<Ended>
  /** Like run, with additional variables. */
  runWith(environment: Readonly<Record<string, string>>, ...words: string[]): Promise<Ended>
  start(words: readonly string[], environment?: Readonly<Record<string, string>>): Running
  /** Starts on a terminal of 80 columns and 24 rows, connected to stdin and stdout. */
  startOnTerminal(words: readonly string[], environment?: Readonly<Record<string, string>>): Running
}

export type Running = ChildProcess & { ended: Promise<Ended> }

/** Stops its clusters after the test. With KEEP=1, the clusters of a failed test are left running. */
export function program(t: ExecutionContext): Program {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-vm-'))
  const call = (command: string, words: readonly string[], stdin: 'ignore' | 'pipe', environment = {}) => {
    const child = spawn(command, words, {
      cwd: state,
      env: { ...ownEnvironment(), CI: '', XDG_STATE_HOME: state, ...environment },
      stdio: [stdin, 'pipe', 'pipe'],
    })
    const [stdout, stderr] = [child.stdout, child.stderr].map(stream => {
      const chunks: Buffer[] = []
      stream?.on('data', chunk => chunks.push(chunk))
      return () => Buffer.concat(chunks).toString()
    }) as [() => string, () => string]
    const ended = new Promise<Ended>(resolve => {
      child.once('close', status => resolve({ status, stdout: stdout(), stderr: stderr() }))
    })
    return Object.assign(child, { ended })
  }
  const start = (words: readonly string[], environment = {}) => call(NETNS, words, 'ignore', environment)
  const startOnTerminal = (words: readonly string[], environment = {}) => {
    const line = ['exec', NETNS, ...words].map(quoteWord).join(' ')
    const typescript = ['--quiet', '--return', '--flush', '--command', `stty cols 80 rows 24; ${line}`, '/dev/null']
    return call(tool('script'), typescript, 'pipe', { TERM: 'xterm-256color', ...environment })
  }
  const runWith = (environment: Readonly<Record<string, string>>, ...words: string[]) => start(words, environment).ended
  t.teardown(async () => {
    if (!t.passed) logEvidence(t, state)
    if (!t.passed && process.env.KEEP) {
      t.log(`kept: export XDG_STATE_HOME=${state}; ./netns.ts status; ./netns.ts stop --all ends it`)
      return
    }
    await runWith({}, 'stop', '--all')
    fs.rmSync(state, { recursive: true, force: true })
  })
  return { state, start, startOnTerminal, runWith, run: (...words) => runWith({}, ...words) }
}

/** Logs the evidence of a failed test before its directory is deleted. */
function logEvidence(t: ExecutionContext, directory: string): void {
  const files = fs.readdirSync(directory, { recursive: true, encoding: 'utf8' })
  for (const file of files.filter(name => /(^|\/)evidence\/.*\.txt$/.test(name)).sort())
    t.log(`${file}:\n${fs.readFileSync(path.join(directory, file), 'utf8')}`)
}

/**
 * Waits for a condition during a run.
 * @throws Error with the run's stderr if it ends first
 */
export async function until(runner: Running, isSo: () => boolean): Promise<void> {
  let ended: Ended | undefined
  runner.ended.then(how => {
    ended = how
  })
  while (!isSo()) {
    if (ended) throw new Error(`it ended with ${ended.status} before that: ${ended.stderr}`)
    await delay(20)
  }
}

/** The environment without the user's xcluster variables. */
const ownEnvironment = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(XCLUSTER|TOPOLOGY|SETUP|XOVLS|BASEOVLS|__|xcluster_)/.test(name),
    ),
  )

/** PIDs of processes whose working directory is in a directory: VMs and switches run in their cluster's. */
export function processesIn(directory: string): readonly number[] {
  return fs.readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name)) return []
    try {
      return fs.readlinkSync(`/proc/${name}/cwd`).startsWith(directory) ? [Number(name)] : []
    } catch {
      return [] // exited meanwhile, or another user's
    }
  })
}
