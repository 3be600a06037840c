import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { quoteWord } from '../../scripts/ssh/quote.ts'
import { standIn } from '../xcluster/stand-in.ts'
import { type Fault, faultsOn, type Kind, read, type Victim } from './faults.ts'
import { judge, type Round } from './judge.ts'
import { type Random, seeded } from './random.ts'

const PROGRAM = path.resolve(import.meta.dirname, '../../netns.ts')
/** A run that takes longer hangs: its steps have far shorter time limits. */
const RUN_TIMEOUT_MS = 240_000
/** A run that reports a pass within this time had checked its cluster before the fault. */
const LATE_MS = 500

const RUNS: readonly (readonly string[])[] = [
  ['bridge', '--nvm=1'],
  ['bridge', '--nvm=2', '--no-stop'],
  ['L2', '--nvm=2'],
  ['start', '--nvm=1', '--stop'],
]

export interface RoundResult {
  /** One-line summary. */
  readonly what: string
  readonly problems: readonly string[]
  readonly stderr: string
}

/**
 * Runs a test with one fault at a random moment, and checks the cleanup.
 * @param seed determines everything except the speed of the host
 * @param durationMs approximate duration of a run, within which the fault is injected
 * @param kind cluster kind; `xcluster` is the fake one of the tests, on the host's ports
 */
export async function playRound(seed: number, durationMs: number, kind: Kind = 'embedded'): Promise<RoundResult> {
  const random = seeded(seed)
  const words = random.pick(RUNS)
  const faults = faultsOn(kind).filter(({ diskKiB }) => !diskKiB || process.getuid?.() === 0)
  const fault = random.pick(faults)
  const moment = Math.round(random.next() * durationMs)
  const top = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'netns-chaos-')))
  const [state, temporary] = [path.join(top, 'state'), path.join(top, 'tmp')]
  for (const directory of [state, temporary]) fs.mkdirSync(directory)
  const unmount = fault.diskKiB ? mountDisk(state, fault.diskKiB(random)) : () => {}
  const theirs = kind === 'xcluster' ? await standIn(top) : undefined
  const environment = {
    ...process.env,
    ...{ CI: '', XDG_STATE_HOME: state, TMPDIR: temporary, XCLUSTER: '' },
    ...(theirs && { ...theirs.environment, STANDIN_SWITCH: 'vde' }),
    ...(kind === 'namespaces' && { XCLUSTER_NETNS_CLUSTER: kind }),
  }
  const files = theirs ? path.join(theirs.workspace, 'tmp') : path.join(state, 'xcluster-netns/clusters')
  try {
    // xcluster's VMs have no snapshots.
    const timeout = theirs ? '40' : '20'
    const run = start(['test', ...words, '--timeout', timeout], fault, random, environment, top)
    const { hit, late } = await strike(fault, run, { state, files, random }, moment)
    const code = await endOf(run.child)
    const stop = start(['stop', '--all'], undefined, random, environment, top)
    const stopCode = await endOf(stop.child)
    const round: Round = {
      fault,
      hit,
      late: late || run.passedAt() - run.struckAt < LATE_MS,
      code,
      stderr: run.stderr(),
      stopCode,
      ...(await leftovers(top, [path.join(state, 'xcluster-netns/clusters'), temporary])),
    }
    for (const pid of round.processes) process.kill(pid, 'SIGKILL')
    const where = fault.strike ? ` at ${moment} ms (${hit ?? 'nothing to hit'})` : ''
    return {
      what: `${kind}: test ${words.join(' ')}: ${fault.name}${where}: exit code ${code}`,
      problems: judge(round),
      stderr: `${run.stderr()}${stop.stderr()}`,
    }
  } finally {
    unmount()
    fs.rmSync(top, { recursive: true, force: true, maxRetries: 5 })
  }
}

interface Run {
  readonly child: ChildProcess
  struckAt: number
  stderr(): string
  /** When it reported a pass; infinite when it has not. */
  passedAt(): number
}

function start(
  words: readonly string[],
  fault: Fault | undefined,
  random: Random,
  env: NodeJS.ProcessEnv,
  cwd: string,
): Run {
  const line = ['exec', PROGRAM, ...words].map(quoteWord).join(' ')
  const limited = fault?.limit ? `${fault.limit(random)} && ${line}` : line
  const child = spawn('/bin/sh', ['-c', limited], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  let passedAt = Number.POSITIVE_INFINITY
  child.stderr.on('data', chunk => {
    text += chunk
    if (/: passed(: |$)/m.test(text)) passedAt = Math.min(passedAt, performance.now())
  })
  return { child, struckAt: Number.NEGATIVE_INFINITY, stderr: () => text, passedAt: () => passedAt }
}

async function strike(fault: Fault, run: Run, victim: Omit<Victim, 'runner'>, moment: number) {
  if (!fault.strike) return { hit: undefined, late: false }
  const ended = new Promise(resolve => run.child.once('exit', resolve))
  await Promise.race([delay(moment), ended])
  const late = run.passedAt() < Number.POSITIVE_INFINITY
  const isOver = run.child.exitCode !== null || run.child.signalCode !== null
  const hit = isOver ? undefined : fault.strike({ runner: run.child.pid as number, ...victim })
  run.struckAt = performance.now()
  if (fault.stoppedMs !== undefined && hit !== undefined) {
    await delay(fault.stoppedMs)
    run.child.kill('SIGCONT')
  }
  return { hit, late }
}

/** The exit code; 128 + n for signal n, as in a shell; -1 when the run timed out and was killed. */
async function endOf(child: ChildProcess): Promise<number> {
  const ended = new Promise<number>(resolve => {
    const settle = () => {
      const { exitCode, signalCode } = child
      if (exitCode !== null) resolve(exitCode)
      else if (signalCode !== null) resolve(128 + os.constants.signals[signalCode])
    }
    child.once('close', settle)
    if (child.exitCode !== null || child.signalCode !== null) settle()
  })
  const hung = new AbortController()
  const limit = delay(RUN_TIMEOUT_MS, -1, { signal: hung.signal }).catch(() => -1)
  const code = await Promise.race([ended, limit])
  hung.abort()
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  return code
}

function mountDisk(directory: string, kibibytes: number): () => void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'chaos', directory])
  return () => void execFileSync('umount', ['--lazy', directory])
}

/** Longer than the grace period of commands that a reaper ends after the runner was killed (host/command.ts). */
const REAPING_MS = 15_000

/** What is left of a round, after reapers had time to end commands of a killed runner, such as `mkcdrom`. */
async function leftovers(top: string, directories: readonly string[]): Promise<Pick<Round, 'processes' | 'files'>> {
  const end = performance.now() + REAPING_MS
  while (true) {
    const left = { processes: processesIn(top), files: directories.flatMap(list) }
    const isClean = left.processes.length === 0 && left.files.length === 0
    if (isClean || performance.now() > end) return left
    await delay(100)
  }
}

/**
 * Processes of a round and their descendants. A process belongs to it if its working directory, command line or
 * environment names the directory of the round, which may be deleted: the processes of nodes have neither.
 */
function processesIn(directory: string): readonly number[] {
  const parents = new Map<number, number>()
  const found = new Set<number>()
  for (const name of list('/proc')) {
    const [state, parent] = read(`/proc/${name}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ')
    if (!/^\d+$/.test(name) || !parent || state === 'Z') continue
    parents.set(Number(name), Number(parent))
    const isNamed = ['cmdline', 'environ'].some(file => read(`/proc/${name}/${file}`).includes(`${directory}/`))
    if (isNamed || workingDirectory(name).startsWith(directory)) found.add(Number(name))
  }
  for (let size = -1; size !== found.size; ) {
    size = found.size
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid)
  }
  return [...found]
}

function workingDirectory(pid: string): string {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return '' // ended meanwhile, or of another user
  }
}

function list(directory: string): readonly string[] {
  try {
    return fs.readdirSync(directory)
  } catch {
    return []
  }
}
