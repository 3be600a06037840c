import { finished } from 'node:stream/promises'
import { infrastructureFailure } from '../errors/failure.ts'
import { follow } from '../host/deadline.ts'
import { mebibytes } from '../host/text.ts'
import type { Role } from '../settings/nodes.ts'
import { Budget, boundedCollector } from './collector.ts'
import type { Connection } from './connection.ts'
import { lineSplitter } from './lines.ts'
import { quote, quoteExec } from './quote.ts'

/** A node that is up and logged in to. */
export interface Node {
  /** `vm-001` */
  readonly name: string
  readonly number: number
  readonly role: Role
  readonly connection: Connection
}

/**
 * Waits for all logins. If one fails, closes the others: an open connection would keep this program alive.
 * @throws the error of the first login that fails
 */
export async function allOrNone(nodes: readonly Promise<Node>[]): Promise<readonly Node[]> {
  try {
    return await Promise.all(nodes)
  } catch (error) {
    for (const result of await Promise.allSettled(nodes)) {
      if (result.status === 'fulfilled') result.value.connection.close()
    }
    throw error
  }
}

export type Stream = 'stdout' | 'stderr'

/**
 * Runs a command on a node and passes on its output line by line. Output above {@link MAX_OUTPUT} is dropped, and
 * reported in a line.
 * @param stdin input of the command; empty by default
 * @returns the exit status
 * @throws Failure (exit 4) when the node is lost; the reason of an aborted signal
 */
export async function runLines(
  node: Node,
  words: readonly string[],
  onLine: (stream: Stream, line: string) => void,
  signal?: AbortSignal,
  stdin?: string,
): Promise<number> {
  let length = 0
  const bounded = (stream: Stream) =>
    lineSplitter(line => {
      const isWithin = length <= MAX_OUTPUT
      length += line.length + 1
      if (length <= MAX_OUTPUT) onLine(stream, line)
      else if (isWithin) onLine('stderr', `${node.name}: output above ${mebibytes(MAX_OUTPUT)} was dropped`)
    })
  const [stdout, stderr] = [bounded('stdout'), bounded('stderr')]
  try {
    const streams = { stdout, stderr, ...(stdin !== undefined && { stdin }) }
    return await node.connection.run(quoteExec(words), streams, signal)
  } finally {
    await Promise.all([stdout, stderr].map(stream => finished(stream.end())))
  }
}

/** Limit on the output of {@link runLines}, in characters. */
const MAX_OUTPUT = 64 * 2 ** 20
/** Limit on an answer, in bytes; the largest, of a matrix, have some MiB. */
const MAX_ANSWER = 24 * 2 ** 20
const MAX_STDERR = 64 * 2 ** 10
/** Limit on all pending answers together, as all nodes may flood at once. */
const answers = new Budget(64 * 2 ** 20)

/**
 * Runs a command on a node and returns what it wrote.
 * @param stdin input of the command; empty by default
 * @throws Failure (exit 4) when the node is lost; ANSWER_TOO_LONG (exit 4) when it writes more than {@link MAX_ANSWER}:
 *   it is then killed
 */
export async function capture(
  node: Node,
  words: readonly string[],
  signal?: AbortSignal,
  stdin?: string,
): Promise<{ exitCode: number; stdout: Buffer; stderr: Buffer }> {
  const ending = new AbortController()
  const stopFollowing = follow(signal, ending)
  const tooLong = () => ending.abort(answerTooLong(node, words))
  const stdout = boundedCollector(MAX_ANSWER, { onExcess: tooLong, budget: answers })
  const stderr = boundedCollector(MAX_STDERR)
  const streams = { stdout: stdout.stream, stderr: stderr.stream, ...(stdin !== undefined && { stdin }) }
  try {
    const exitCode = await node.connection.run(quoteExec(words), streams, ending.signal)
    ending.signal.throwIfAborted()
    return { exitCode, stdout: stdout.bytes(), stderr: stderr.bytes() }
  } finally {
    stdout.release()
    stopFollowing()
  }
}

const answerTooLong = ({ name }: Node, words: readonly string[]) =>
  infrastructureFailure(
    'ANSWER_TOO_LONG',
    `${name}: '${quote(words.slice(0, 2))}' wrote more than ${mebibytes(MAX_ANSWER)}; the rest was dropped`,
  )
