import os from 'node:os'
import { infrastructureFailure } from '../../errors/failure.ts'
import { shellScript } from '../../host/shell-script.ts'
import { shortText } from '../../host/text.ts'
import { architectureOf } from '../../ovl/elf.ts'
import { NOT_FOUND, type NodeShell, type ShellEnd } from './shell.ts'

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

/** A placeholder at the end of an input, for the output of the previous execution in a chain. */
export const PREVIOUS = '@previous@'
const PREVIOUS_END = `${JSON.stringify(PREVIOUS)}}`

/** What an execution leaves on the node, for users and for the next run. */
export interface ExecutionFiles {
  /** Gets its output. */
  readonly stdout: string
  /** Created when the plugin starts, gets its errors, and is removed when it succeeds. */
  readonly pending: string
}

/** The end of an execution. */
export interface ExecutionEnd {
  /** Exit status; undefined for a plugin that was killed. */
  readonly status: number | undefined
  /** Why it was killed or could not run, or that it left a process; completes "the plugin …". */
  readonly problem: string | undefined
  readonly stdout: string
  readonly stderr: string
  /** Since the call of {@link execute} was received by the node. */
  readonly beginMicroseconds: number
  readonly microseconds: number
}

/** Default timeout: a plugin takes a second when twenty start at once in an emulated VM. */
export const SECONDS = 60
/** After a failed ADD: a plugin that hangs would take a minute for each of many operations. */
export const SECONDS_AFTER_FAILURE = 5
/** Limit on each output of a plugin, in bytes. */
const MAX_OUTPUT = 2 ** 20

const PERL_HELPER = shellScript(import.meta.dirname, 'execute.pl')
const SHELL_HELPER = shellScript(import.meta.dirname, 'execute.sh')
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
  const chains = await executeChains(
    shell,
    executions.map(execution => [execution]),
  )
  return chains.flat()
}

/**
 * Executes chains of plugins, all at once as {@link execute}. An execution of a chain begins after the one before has
 * succeeded, and has printed an object if the input has a place for it ({@link PREVIOUS}).
 * @returns how those of each chain ended that were executed
 * @throws Failure CNI_HELPER (exit 4) when the node cannot run the helper
 */
export async function executeChains(
  shell: NodeShell,
  chains: readonly (readonly Execution[])[],
): Promise<readonly (readonly ExecutionEnd[])[]> {
  const executions = chains.flatMap(chain => chain.map((execution, at) => ({ execution, at })))
  if (executions.length === 0) return chains.map(() => [])
  const input = executions.map(({ execution, at }, id) => encode(execution, id, at === 0 ? undefined : id - 1)).join('')
  const { exitCode, stdout, stderr } = await runHelper(shell, input)
  const ends = new Map(
    stdout
      .toString()
      .split('\n')
      .filter(Boolean)
      .map(line => decode(line, executions)),
  )
  let next = 0
  const answers = chains.map(chain => {
    const own = chain.map((_, at) => ends.get(next + at))
    next += chain.length
    return own.filter(end => end !== undefined)
  })
  if (exitCode === 0 && !answers.some((own, index) => own.length === 0 && chains[index]?.length)) return answers
  const why = shortText(stderr.toString()) || `exit status ${exitCode}`
  throw infrastructureFailure('CNI_HELPER', `${shell.name}: cannot execute CNI plugins: ${why}`, { node: shell.name })
}

/** The input of an execution in a chain, with the output of the one before. */
export const inputAfter = (input: string, previous: string | undefined): string =>
  previous !== undefined && input.endsWith(PREVIOUS_END) ? `${input.slice(0, -PREVIOUS_END.length)}${previous}}` : input

/** Perl executes plugins with fewer processes, and precise times. */
async function runHelper(shell: NodeShell, input: string): Promise<ShellEnd> {
  if (!withoutPerl.has(shell)) {
    const end = await shell.run(['perl', '-w', '-e', PERL_HELPER], input)
    if (end.exitCode !== NOT_FOUND) return end
    withoutPerl.add(shell)
  }
  return await shell.run(['sh', '-c', SHELL_HELPER], input)
}

const hex = (text: string) => (text === '' ? '-' : Buffer.from(text).toString('hex'))
const bytes = (text: string | undefined) => Buffer.from(text === undefined || text === '-' ? '' : text, 'hex')

function encode(
  { program, environment, input, timeout = SECONDS, files }: Execution,
  id: number,
  after: number | undefined,
): string {
  const isCompleted = after !== undefined && input.endsWith(PREVIOUS_END)
  const begin = isCompleted ? input.slice(0, -PREVIOUS_END.length) : input
  const variables = Object.entries({ PATH, ...environment }).map(([name, value]) => `${name}=${value}`)
  const texts = [program, files?.stdout ?? '', files?.pending ?? '', begin, ...variables]
  const chain = after === undefined ? '-' : `${after}${isCompleted ? '+' : ''}`
  return `${[id, chain, timeout * 1000, MAX_OUTPUT, ...texts.map(hex)].join(' ')}\n`
}

function decode(line: string, executions: readonly { readonly execution: Execution }[]): [number, ExecutionEnd] {
  const [id = '', status, signal, begin, duration, problem = '', stdout, stderr, detail] = line.split(' ')
  const { timeout = SECONDS } = executions[Number(id)]?.execution ?? {}
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
