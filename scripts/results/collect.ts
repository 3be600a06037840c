import { accessSync, constants, rmSync, writeFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { RunningCluster } from '../cluster/cluster.ts'
import { environmentFailure, Failure } from '../errors/failure.ts'
import { withDeadline } from '../host/deadline.ts'
import { makeDirectory } from '../host/directories.ts'
import { capture, type Node } from '../node/node.ts'
import { type Matrix, toJson } from '../proof/matrix.ts'
import { matrixSvg } from '../proof/svg.ts'
import type { Emit } from '../report/events.ts'

export interface CollectRequest {
  readonly cluster: RunningCluster
  readonly test: string
  /** Gets a directory for the test, and in that one for each node. */
  readonly directory: string
  /** After a failure more is brought home. */
  readonly failed: boolean
  /** What the proof measured, if there was one. */
  readonly matrix?: Matrix
  readonly timeoutSeconds: number
  readonly emit: Emit
}

/** A file brought home and the command on the node whose output it holds. */
type Source = readonly [file: string, command: readonly string[]]

const ALWAYS: readonly Source[] = [
  ['addresses.json', ['ip', '-j', 'address']],
  ['status.json', ['netns_test', 'status', '--json']],
]
const AFTER_FAILURE: readonly Source[] = [['dmesg.txt', ['dmesg']]]

/** grep's form for a line of a POD's result; what a POD is called becomes a file name here. */
const CNI_LINE = /^([\w-]+\.json):(.*)$/s

/**
 * Makes the directory for results, so that one that cannot be written is told before anything starts.
 * @throws Failure RESULTS_NOT_WRITABLE (exit 3)
 */
export function prepareResults(directory: string): void {
  try {
    makeDirectory(directory)
    accessSync(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw notWritable(directory, error as Error)
  }
}

/**
 * Brings home what a test left on its nodes: addresses, PODs, CNI results, consoles and, after a failure, kernel messages.
 * A node that does not answer any more is left out with a notice; its console is brought all the same.
 * @throws Failure RESULTS_NOT_WRITABLE (exit 3)
 */
export async function collectResults(request: CollectRequest): Promise<void> {
  const { cluster, emit } = request
  const directory = path.join(request.directory, request.test)
  try {
    writeMatrix(directory, request)
    await Promise.all(cluster.nodes.map(node => collectNode(node, path.join(directory, node.name), request)))
  } catch (error) {
    if (error instanceof Failure || !(error instanceof Error)) throw error
    throw notWritable(directory, error)
  }
  emit({ type: 'artefact', test: request.test, path: directory })
}

/** What is not measured this time must not stay here from an earlier run. */
function writeMatrix(directory: string, { test, matrix }: CollectRequest): void {
  makeDirectory(directory)
  const [json, svg] = [path.join(directory, 'matrix.json'), path.join(directory, 'matrix.svg')]
  if (matrix) {
    writeFileSync(json, toJson(test, matrix))
    writeFileSync(svg, matrixSvg(test, matrix))
  } else {
    rmSync(json, { force: true })
    rmSync(svg, { force: true })
  }
}

function notWritable(directory: string, cause: Error): Failure {
  const hint = '--results names a directory of yours, with space on its disk'
  return environmentFailure('RESULTS_NOT_WRITABLE', `cannot write results to ${directory}: ${cause.message}`, {
    hint,
    cause,
  })
}

async function collectNode(node: Node, directory: string, request: CollectRequest): Promise<void> {
  makeDirectory(directory)
  await fs.writeFile(path.join(directory, 'console.log'), await request.cluster.console(node))
  await withDeadline(request.timeoutSeconds * 1000, async deadline => {
    const { signal } = deadline
    try {
      const wanted = [...ALWAYS, ...(request.failed ? AFTER_FAILURE : [])]
      const fetched = wanted.map(source => fetch(node, source, directory, signal))
      await Promise.all([...fetched, fetchCniResults(node, path.join(directory, 'cni'), signal)])
    } catch (error) {
      if (!(error instanceof Failure) && !deadline.isOver) throw error
      request.emit({ type: 'notice', text: `results: nothing more from ${node.name}: ${(error as Error).message}` })
    }
  })
}

/** What the node does not have (any more) must not stay here from an earlier run. */
async function fetch(node: Node, [file, command]: Source, directory: string, signal: AbortSignal): Promise<void> {
  const target = path.join(directory, file)
  const { exitCode, stdout } = await capture(node, command, signal)
  if (exitCode !== 0) return await fs.rm(target, { force: true })
  makeDirectory(path.dirname(target))
  await fs.writeFile(target, stdout)
}

/** A plugin's answer to CNI ADD for each POD, where there is one: all by one command, since there may be hundreds. */
async function fetchCniResults(node: Node, directory: string, signal: AbortSignal): Promise<void> {
  await fs.rm(directory, { recursive: true, force: true })
  const { stdout } = await capture(node, ['sh', '-c', "cd /tmp && grep -H '' *.json /dev/null"], signal)
  const results = new Map<string, string>()
  for (const line of stdout.toString().split('\n')) {
    const [, file, text] = CNI_LINE.exec(line) ?? []
    if (file !== undefined) results.set(file, `${results.get(file) ?? ''}${text}\n`)
  }
  if (results.size > 0) makeDirectory(directory)
  await Promise.all([...results].map(([file, text]) => fs.writeFile(path.join(directory, file), text)))
}
