import { accessSync, constants, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { RunningCluster } from '../../../cluster/cluster.ts'
import { environmentFailure, Failure } from '../../../errors/failure.ts'
import type { Emit } from '../../../events/events.ts'
import { withDeadline } from '../../../host/deadline.ts'
import { makeDirectory } from '../../../host/directories.ts'
import { reasonOf } from '../../../host/files.ts'
import { plainText, safeJson } from '../../../host/text.ts'
import type { Matrix } from '../../../proof/matrix.ts'
import { probeName } from '../../../proof/rules/probe.ts'
import { proofToJson, type RuleProof } from '../../../proof/rules/report.ts'
import { probeSvg } from '../../../proof/rules/svg.ts'
import { toJson } from '../../../proof/summary.ts'
import { matrixSvg } from '../../../proof/svg.ts'
import type { Node } from '../../../ssh/node.ts'
import { collectCniResults } from './cni.ts'
import { captureReading } from './read.ts'

interface CollectRequest {
  readonly cluster: RunningCluster
  readonly test: string
  /** Gets `<test>/<node>/`. */
  readonly directory: string
  /** After a failure, more is collected. */
  readonly failed: boolean
  readonly matrix?: Matrix
  readonly rules?: RuleProof
  readonly timeoutSeconds: number
  /** Names of nodes that do not respond; they are not queried. */
  readonly silent?: ReadonlySet<string>
  readonly emit: Emit
}

/** A collected file, and the command on the node that prints it. */
type Source = readonly [file: string, command: readonly string[]]

const ALWAYS: readonly Source[] = [
  ['addresses.json', ['ip', '-j', 'address']],
  ['status.json', ['netns_test', 'status', '--json']],
]
const AFTER_FAILURE: readonly Source[] = [['dmesg.txt', ['dmesg']]]

/**
 * Creates the results directory, to fail early if it is not writable.
 * @throws Failure RESULTS_NOT_WRITABLE (exit 3)
 */
export function prepareResults(directory: string): void {
  try {
    makeDirectory(directory)
    if (!statSync(directory).isDirectory()) throw new Error('it is not a directory')
    accessSync(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw notWritable(directory, error as Error)
  }
}

/**
 * Collects what a test left on its nodes: addresses, PODs, CNI results, consoles and, after a failure, kernel messages.
 * Collects the console even of a node that does not respond.
 * @returns a line about missing results: `the results of vm-002 are incomplete: …`; undefined if complete
 * @throws Failure RESULTS_NOT_WRITABLE (exit 3)
 */
export async function collectResults(request: CollectRequest): Promise<string | undefined> {
  const { cluster, emit } = request
  const directory = path.join(request.directory, request.test)
  try {
    writeMatrix(directory, request)
    const collected = cluster.nodes.map(async node => ({
      node: node.name,
      losses: await collectNode(node, path.join(directory, node.name), request),
    }))
    const incomplete = (await Promise.all(collected)).filter(({ losses }) => losses.length > 0)
    emit({ type: 'artefact', test: request.test, path: directory })
    return describeIncomplete(incomplete)
  } catch (error) {
    if (error instanceof Failure || !(error instanceof Error)) throw error
    throw notWritable(directory, error)
  }
}

/** How many nodes the line names; each loss has a notice, too. */
const MOST_NAMED = 3

function describeIncomplete(nodes: readonly { node: string; losses: readonly string[] }[]): string | undefined {
  if (nodes.length === 0) return undefined
  const named = nodes
    .slice(0, MOST_NAMED)
    .map(({ node, losses }) => `the results of ${node} are incomplete: ${losses[0]}`)
  const more = nodes.length - named.length
  return [...named, ...(more > 0 ? [`and those of ${more} more`] : [])].join('; ')
}

/** Removes the matrix of an earlier run if there is none now. */
function writeMatrix(directory: string, { test, matrix, rules }: CollectRequest): void {
  makeDirectory(directory)
  for (const name of readdirSync(directory))
    if (/^matrix(-[\w-]+)?\.(json|svg)$/.test(name)) rmSync(path.join(directory, name), { force: true })
  const write = (name: string, content: string) => writeFileSync(path.join(directory, name), content)
  if (matrix) {
    write('matrix.json', toJson(test, matrix))
    write('matrix.svg', matrixSvg(test, matrix))
  }
  if (!rules) return
  write('matrix.json', proofToJson(test, rules))
  for (const probe of rules.matrices)
    write(`matrix-${probeName(probe.probe).replaceAll(/\W+/g, '-')}.svg`, probeSvg(test, probe))
}

function notWritable(directory: string, cause: Error): Failure {
  const hint = '--results needs a writable directory with free disk space'
  return environmentFailure('RESULTS_NOT_WRITABLE', `cannot write results to ${directory}: ${reasonOf(cause)}`, {
    hint,
    cause,
  })
}

/** @returns a line for each loss */
async function collectNode(node: Node, directory: string, request: CollectRequest): Promise<readonly string[]> {
  const { failed, emit, cluster, timeoutSeconds } = request
  makeDirectory(directory)
  await fs.writeFile(path.join(directory, 'console.log'), await cluster.console(node))
  const losses: string[] = []
  const onLoss = (what: string) => {
    const plain = plainText(what)
    losses.push(plain)
    emit({ type: 'notice', text: `results: ${node.name}: ${plain}` })
  }
  if (request.silent?.has(node.name)) {
    const stale = [...ALWAYS, ...AFTER_FAILURE].map(([file]) => file).concat('cni')
    await Promise.all(stale.map(name => fs.rm(path.join(directory, name), { recursive: true, force: true })))
    onLoss('only its console was collected: it does not answer')
    return losses
  }
  await withDeadline(timeoutSeconds * 1000, async ({ signal }) => {
    const tasks = [
      ...[...ALWAYS, ...(failed ? AFTER_FAILURE : [])].map(source => fetch(node, source, directory, onLoss, signal)),
      collectCniResults(node, path.join(directory, 'cni'), onLoss, signal),
    ]
    // One failure does not stop the others; a lost node is reported once.
    const reasons = (await Promise.allSettled(tasks)).flatMap(task => (task.status === 'rejected' ? [task.reason] : []))
    const internalError = reasons.find(reason => !(reason instanceof Failure) && reason !== signal.reason)
    if (internalError) throw internalError
    for (const why of new Set(reasons.map((reason: Error) => reason.message))) onLoss(`incomplete: ${why}`)
  })
  return losses
}

/** Removes the file of an earlier run if the command fails now. */
async function fetch(
  node: Node,
  [file, command]: Source,
  directory: string,
  onLoss: (what: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const target = path.join(directory, file)
  await fs.rm(target, { force: true })
  const { exitCode, stdout } = await captureReading(node, command, signal)
  if (exitCode !== 0) return onLoss(`no ${file}: '${command.join(' ')}' exited with status ${exitCode}`)
  // `ip -j` does not escape control characters in interface names.
  await fs.writeFile(target, file.endsWith('.json') ? safeJson(stdout.toString()) : stdout)
}
