import os from 'node:os'
import { infrastructureFailure } from '../../errors/failure.ts'
import { shellScript } from '../../host/shell-script.ts'
import { shortText } from '../../host/text.ts'
import { architectureOf } from '../../ovl/elf.ts'
import type { NodeShell, ShellEnd } from './shell.ts'

/** An execution of a plugin. */
export interface Execution {
  /** Absolute path on the node. */
  readonly program: string
  readonly environment: Readonly<Record<string, string>>
  readonly input: string
  /** In seconds; default {@link SECONDS}. */
  readonly timeout?: number
  /** Files on the node. */
  readonly files?: ExecutionFiles
}

/** What an execution leaves on the node, for users and for the next run. */
export interface ExecutionFiles {
  /** Gets its output. */
  readonly stdout: string
  /** Exists from the beginning until the plugin has succeeded, with its errors. */
  readonly pending: string
}

/** How an execution ended. */
export interface ExecutionEnd {
  /** Exit status; undefined for a plugin that did not exit by itself. */
  readonly status: number | undefined
  /** Why it did not exit by itself, or left something behind; completes "the plugin …". */
  readonly problem: string | undefined
  readonly stdout: string
  readonly stderr: string
  /** Since the call of {@link execute} was received by the node. */
  readonly beginMicroseconds: number
  readonly microseconds: number
}

/** A plugin takes a second when twenty start at once in an emulated VM. */
export const SECONDS = 60
/** Limit on each output of a plugin, in bytes. */
export const MAX_OUTPUT = 2 ** 20

const PERL_HELPER = shellScript(import.meta.dirname, 'execute.pl')
const SHELL_HELPER = shellScript(import.meta.dirname, 'execute.sh')
/** The exit status of a shell, or of nsenter, for a missing command. */
const NOT_FOUND = 127
/** Nodes without Perl, such as those of xcluster's image. */
const withoutPerl = new WeakSet<NodeShell>()
/** Plugins call programs such as iptables. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Executes plugins on a node, all at once as far as its memory allows. A plugin that exceeds its time or the limit of
 * its output is killed with its processes.
 * @returns how they ended, in the order of the executions
 * @throws Failure CNI_HELPER (exit 4) when the node cannot run the helper
 */
export async function execute(shell: NodeShell, executions: readonly Execution[]): Promise<readonly ExecutionEnd[]> {
  if (executions.length === 0) return []
  const input = executions.map(encode).join('')
  const { exitCode, stdout, stderr } = await runHelper(shell, input)
  const ends = new Map(
    stdout
      .toString()
      .split('\n')
      .filter(Boolean)
      .map(line => decode(line, executions)),
  )
  const answers = executions.map((_, id) => ends.get(id))
  if (exitCode !== 0 || answers.includes(undefined)) {
    const why = shortText(stderr.toString()) || `exit status ${exitCode}`
    throw infrastructureFailure('CNI_HELPER', `${shell.name}: cannot execute CNI plugins: ${why}`, { node: shell.name })
  }
  return answers as readonly ExecutionEnd[]
}

/** Perl executes plugins with fewer processes, and precise times. */
async function runHelper(shell: NodeShell, input: string): Promise<ShellEnd> {
  if (!withoutPerl.has(shell)) {
    const end = await shell.run(['perl', '-e', PERL_HELPER], input)
    if (end.exitCode !== NOT_FOUND) return end
    withoutPerl.add(shell)
  }
  return await shell.run(['sh', '-c', SHELL_HELPER], input)
}

const hex = (text: string) => (text === '' ? '-' : Buffer.from(text).toString('hex'))
const bytes = (text: string | undefined) => Buffer.from(text === undefined || text === '-' ? '' : text, 'hex')

function encode({ program, environment, input, timeout = SECONDS, files }: Execution, id: number): string {
  const variables = Object.entries({ PATH, ...environment }).map(([name, value]) => `${name}=${value}`)
  const texts = [program, files?.stdout ?? '', files?.pending ?? '', input, ...variables]
  return `${[id, timeout * 1000, MAX_OUTPUT, ...texts.map(hex)].join(' ')}\n`
}

function decode(line: string, executions: readonly Execution[]): [number, ExecutionEnd] {
  const [id = '', status, signal, begin, duration, problem = '', stdout, stderr, detail] = line.split(' ')
  const { timeout = SECONDS } = executions[Number(id)] ?? {}
  const found = problemOf(problem, Number(signal), timeout, bytes(detail))
  const hasExited = found === undefined || problem === 'held'
  const end = {
    status: hasExited ? Number(status) : undefined,
    problem: found,
    stdout: bytes(stdout).toString(),
    stderr: bytes(stderr).toString(),
    beginMicroseconds: Number(begin),
    microseconds: Number(duration),
  }
  return [Number(id), end]
}

function problemOf(problem: string, signal: number, timeout: number, detail: Buffer): string | undefined {
  if (problem === 'timeout') return `timed out after ${timeout} s`
  if (problem === 'flood') return `wrote more than ${MAX_OUTPUT / 2 ** 20} MiB`
  if (problem === 'held') return 'left a process that holds its output'
  if (problem === 'exec') return cannotRun(detail)
  if (signal === 0) return undefined
  const name = Object.entries(os.constants.signals).find(([, number]) => number === signal)?.[0]
  return `was ended by ${name ?? `signal ${signal}`}`
}

function cannotRun(detail: Buffer): string {
  const zero = detail.indexOf(0)
  const end = zero < 0 ? detail.length : zero
  const architecture = architectureOf(detail.subarray(end + 1))
  const why = detail.subarray(0, end).toString()
  return `cannot be executed: ${why}${architecture ? `: it is a program for ${architecture}` : ''}`
}
