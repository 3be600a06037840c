import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { quoteWord } from '../../scripts/ssh/quote.ts'
import { tool } from '../needs.ts'

const NETNS = path.resolve(import.meta.dirname, '../../netns.ts')

/** How a call of the program ended. */
export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The program with a state directory of its own, so that a test sees no cluster but its own, and nobody's is touched. */
export interface Program {
  readonly state: string
  run(...words: string[]): Promise<Ended>
  /** With more variables. */
  runWith(environment: Readonly<Record<string, string>>, ...words: string[]): Promise<Ended>
  start(words: readonly string[], environment?: Readonly<Record<string, string>>): Running
  /** On a terminal of its own, of 80 columns and 24 rows: what it shows comes out of stdout, what is typed goes into stdin. */
  startOnTerminal(words: readonly string[]): Running
}

export type Running = ChildProcess & { ended: Promise<Ended> }

/** Stops its clusters after the test; with KEEP=1, those of a test that failed are left running. */
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
  const startOnTerminal = (words: readonly string[]) => {
    const line = ['exec', NETNS, ...words].map(quoteWord).join(' ')
    const typescript = ['--quiet', '--return', '--flush', '--command', `stty cols 80 rows 24; ${line}`, '/dev/null']
    return call(tool('script'), typescript, 'pipe', { TERM: 'xterm-256color' })
  }
  const runWith = (environment: Readonly<Record<string, string>>, ...words: string[]) => start(words, environment).ended
  t.teardown(async () => {
    if (!t.passed) tellEvidence(t, state)
    if (!t.passed && process.env.KEEP) {
      t.log(`kept: export XDG_STATE_HOME=${state}; ./netns.ts status; ./netns.ts stop --all ends it`)
      return
    }
    await runWith({}, 'stop', '--all')
    fs.rmSync(state, { recursive: true, force: true })
  })
  return { state, start, startOnTerminal, runWith, run: (...words) => runWith({}, ...words) }
}

/** What a test that fails unexpectedly found out goes with its directory: it is told before. */
function tellEvidence(t: ExecutionContext, directory: string): void {
  const files = fs.readdirSync(directory, { recursive: true, encoding: 'utf8' })
  for (const file of files.filter(name => /(^|\/)evidence\/.*\.txt$/.test(name)).sort())
    t.log(`${file}:\n${fs.readFileSync(path.join(directory, file), 'utf8')}`)
}

/**
 * Waits for something that a run does.
 * @throws Error with what the run said, when it ends first
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

/** Without what whoever runs the tests has set for xcluster. */
const ownEnvironment = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(XCLUSTER|TOPOLOGY|SETUP|XOVLS|BASEOVLS|__|xcluster_)/.test(name),
    ),
  )

/** The numbers of the processes whose working directory is below one: VMs and switches run in their cluster's. */
export function processesIn(directory: string): readonly number[] {
  return fs.readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name)) return []
    try {
      return fs.readlinkSync(`/proc/${name}/cwd`).startsWith(directory) ? [Number(name)] : []
    } catch {
      return [] // ended meanwhile, or somebody else's
    }
  })
}
