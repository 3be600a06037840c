import { finished } from 'node:stream/promises'
import { infrastructureFailure } from '../errors/failure.ts'
import { follow } from '../host/deadline.ts'
import type { Role } from '../settings/nodes.ts'
import { Budget, boundedCollector } from './collector.ts'
import type { Connection } from './connection.ts'
import { lineSplitter } from './lines.ts'
import { quote, quoteExec } from './quote.ts'

/** A VM that is up and logged in to. */
export interface Node {
  /** `vm-001` */
  readonly name: string
  readonly number: number
  readonly role: Role
  readonly connection: Connection
}

/**
 * All nodes that are being logged in to. Where one cannot be, the others are closed: a connection that is left would keep this program
 * from its end.
 * @throws what the first one throws that cannot
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
 * Runs a command on a node and passes its output on line by line, up to {@link MOST_OUTPUT}; then the command's output is read and dropped, with a line
 * that says so.
 * @returns the exit code
 * @throws Failure (exit 4) when the node is lost; the signal's reason when that is aborted
 */
export async function runLines(
  node: Node,
  words: readonly string[],
  onLine: (stream: Stream, line: string) => void,
  signal?: AbortSignal,
): Promise<number> {
  let length = 0
  const bounded = (stream: Stream) =>
    lineSplitter(line => {
      const isWithin = length <= MOST_OUTPUT
      length += line.length + 1
      if (length <= MOST_OUTPUT) onLine(stream, line)
      else if (isWithin) onLine('stderr', `${node.name}: output above ${mebibytes(MOST_OUTPUT)} was dropped`)
    })
  const [stdout, stderr] = [bounded('stdout'), bounded('stderr')]
  try {
    return await node.connection.run(quoteExec(words), { stdout, stderr }, signal)
  } finally {
    await Promise.all([stdout, stderr].map(stream => finished(stream.end())))
  }
}

/** Of what a command prints line by line, in characters. */
const MOST_OUTPUT = 64 * 2 ** 20
/** Of what a command answers, in bytes; the largest answers are a matrix's, of some MiB. */
const MOST_ANSWER = 24 * 2 ** 20
const MOST_COMPLAINT = 64 * 2 ** 10
/** Of all answers that are on their way: nodes may flood together. */
const answers = new Budget(64 * 2 ** 20)

const mebibytes = (bytes: number): string => `${bytes / 2 ** 20} MiB`

/**
 * Runs a command on a node and returns what it wrote.
 * @param stdin what the command reads; nothing when missing
 * @throws Failure (exit 4) when the node is lost; ANSWER_TOO_LONG (exit 4) when it writes more than any answer has, and then the command is
 *   killed
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
  const stdout = boundedCollector(MOST_ANSWER, { onExcess: tooLong, budget: answers })
  const stderr = boundedCollector(MOST_COMPLAINT)
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
    `${name}: '${quote(words.slice(0, 2))}' wrote more than ${mebibytes(MOST_ANSWER)}; the rest was dropped`,
  )
