import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { RunningCluster } from '../../../cluster/cluster.ts'
import { environmentFailure } from '../../../errors/failure.ts'
import type { Emit, FailedStep } from '../../../events/events.ts'
import { makeDirectory } from '../../../host/directories.ts'
import { reasonOf } from '../../../host/files.ts'
import { plainText } from '../../../host/text.ts'
import type { Matrix } from '../../../proof/matrix.ts'
import { describePair, summarize, type WrongPair } from '../../../proof/summary.ts'
import type { Node } from '../../../ssh/node.ts'
import { askNodes, type Shown, type Task } from './ask.ts'
import { type Choice, choosePairs } from './choose.ts'

interface EvidenceRequest {
  readonly cluster: RunningCluster
  readonly test: string
  readonly directory: string
  readonly failures: readonly FailedStep[]
  /** Likely causes, printed first. */
  readonly reasons: readonly string[]
  /** Nodes that do not respond; they are not queried. */
  readonly silent?: ReadonlySet<string>
  readonly matrix?: Matrix
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** How many nodes with failed steps are inspected. */
const MOST_NODES = 8
/** How many characters of a file an event carries. */
const MOST_TEXT = 8 * 1024
const CONSOLE_LINES = 60
/** How many wrong pairs are listed. */
const MOST_LISTED = 10_000
/** A POD's name in a text: it contains its node's. */
const POD_NAME = /[\w.-]*vm-\d{3}-[\w.-]*\w/g

/** Titles of the files. */
const TITLES: Readonly<Record<string, string>> = {
  fdb: 'bridge fdb',
  kernel: 'kernel messages',
  nftables: 'nftables ruleset',
  ping: 'repeated ping',
}

/**
 * Removes the evidence of an earlier run.
 * @throws Failure EVIDENCE_NOT_WRITABLE (exit 3)
 */
export function removeEvidence(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true })
  } catch (cause) {
    const why = `cannot remove the evidence of an earlier run: ${reasonOf(cause)}`
    throw environmentFailure('EVIDENCE_NOT_WRITABLE', why, { hint: `remove ${directory}`, cause })
  }
}

/**
 * Collects evidence of a failure before the cleanup: from the PODs of wrong pairs, which ping again while both ends
 * capture, and from their nodes; after a failed step, from its nodes and the PODs that it names. Reports
 * missing evidence.
 * @throws the signal's reason when that is aborted
 */
export async function collectEvidence(request: EvidenceRequest): Promise<void> {
  const { cluster, test, directory, matrix, emit, signal } = request
  const wrong = matrix ? summarize(matrix).wrong : []
  const choice = choosePairs(wrong)
  const failed = wrong.length > 0 ? [] : nodesOf(request)
  const tasks = wrong.length > 0 ? tasksOf(choice, cluster.nodes) : failed.slice(0, MOST_NODES)
  const isSilent = ({ node }: Task) => request.silent?.has(node.name) === true
  const shown = [
    ...tasks.filter(isSilent).map(({ node }): Shown => ({ node, files: [], failure: 'it does not answer' })),
    ...(await askNodes(
      tasks.filter(task => !isSilent(task)),
      signal,
    )),
  ]
  const report = [
    ...request.reasons,
    ...request.failures.map(({ step, node, why }) => `${step} on ${node}: ${why}`),
    ...describeChoice(choice),
    ...(failed.length > tasks.length ? [`not inspected: ${failed.length - tasks.length} more nodes`] : []),
    ...shown.flatMap(({ node, failure }) => (failure ? [`no evidence from ${node.name}: ${failure}`] : [])),
    ...describeWrong(wrong),
  ]
  const files = [
    ...shown.flatMap(filesOf),
    ...(await Promise.all(tasks.map(async ({ node }) => consoleOf(node, await cluster.console(node))))),
  ]
  try {
    removeEvidence(directory)
    makeDirectory(directory)
    writeFileSync(path.join(directory, 'evidence.txt'), `${report.map(plainText).join('\n')}\n`)
    for (const { subject, file, content } of files) {
      makeDirectory(path.join(directory, subject))
      writeFileSync(path.join(directory, subject, file), content)
    }
  } catch (error) {
    emit({ type: 'notice', text: `cannot write evidence to ${directory}: ${reasonOf(error)}` })
  }
  for (const line of describeChoice(choice)) emit({ type: 'detail', text: `evidence: ${line}` })
  for (const file of files) {
    if (file.file.endsWith('.txt')) emit({ type: 'evidence', test, ...eventOf(file) })
  }
  emit({ type: 'artefact', test, path: directory, what: 'evidence' })
}

/** The chosen pairs, grouped by node. */
function tasksOf({ pairs }: Choice, nodes: readonly Node[]): readonly Task[] {
  return nodes.flatMap(node => {
    const pods = pairs.flatMap(({ source, destination }) => [source, destination]).filter(pod => pod.node === node.name)
    const pings = pairs
      .filter(({ source }) => source.node === node.name)
      .flatMap(({ source, addresses }) => addresses.map(address => ({ pod: source.pod, address })))
    return pods.length > 0 ? [{ node, pods: new Set(pods.map(({ pod }) => pod)), pings }] : []
  })
}

/** The nodes on which a step failed, and the PODs that it named. */
const nodesOf = ({ cluster, failures }: EvidenceRequest): readonly Task[] =>
  cluster.nodes.flatMap(node => {
    const own = failures.filter(failure => failure.node === node.name)
    const pods = new Set(own.flatMap(failure => podsNamedBy(failure, node.name)).slice(0, MOST_NODES))
    return own.length > 0 ? [{ node, pods, pings: [] }] : []
  })

/** The PODs that a step reports as FAILED; without any, all PODs in its last lines. */
function podsNamedBy({ why, lastLines }: FailedStep, node: string): readonly string[] {
  const namedIn = (lines: readonly string[]) =>
    lines.flatMap(line => line.match(POD_NAME) ?? []).filter(name => name.includes(node))
  const failed = namedIn([why, ...lastLines.filter(line => /\bFAILED: /.test(line))])
  return failed.length > 0 ? failed : namedIn(lastLines)
}

function describeChoice({ pairs, omitted }: Choice): readonly string[] {
  if (pairs.length === 0) return []
  const shown = pairs.map(
    ({ source, destination, addresses }) => `pinged again: ${source.pod} → ${destination.pod} ${addresses.join(' ')}`,
  )
  return [...shown, ...(omitted > 0 ? [`not inspected: ${omitted} more pairs of PODs`] : [])]
}

function describeWrong(wrong: readonly WrongPair[]): readonly string[] {
  if (wrong.length === 0) return []
  const more = wrong.length - MOST_LISTED
  const lines = wrong.slice(0, MOST_LISTED).map(describePair)
  return ['', 'Wrong pairs:', ...lines, ...(more > 0 ? [`… and ${more} more`] : [])]
}

interface EvidenceFile {
  readonly node: string
  /** The name of the node or POD. */
  readonly subject: string
  readonly file: string
  readonly content: Buffer
}

const filesOf = ({ node, files }: Shown): readonly EvidenceFile[] =>
  files.map(({ path: name, content }) => {
    const [subject = '', file = ''] = name.split('/')
    return { node: node.name, subject, file, content: Buffer.concat([...content]) }
  })

const consoleOf = ({ name }: Node, text: string): EvidenceFile => ({
  node: name,
  subject: name,
  file: 'console.txt',
  content: Buffer.from(text.trimEnd().split('\n').slice(-CONSOLE_LINES).join('\n').concat('\n')),
})

function eventOf({ node, subject, file, content }: EvidenceFile) {
  const name = path.parse(file).name
  const text = content.toString().trimEnd()
  const rest = text.length - MOST_TEXT
  const cut = rest > 0 ? `${text.slice(0, MOST_TEXT)}\n… and ${rest} characters more, in the file` : text
  return { node, subject, what: TITLES[name] ?? name, text: cut }
}
