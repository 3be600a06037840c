import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Role } from '../settings/nodes.ts'
import type { Connection } from './connection.ts'
import { lineSplitter } from './lines.ts'
import { quoteExec } from './quote.ts'

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
 * Runs a command on a node and passes its output on line by line.
 * @returns the exit code
 * @throws Failure (exit 4) when the node is lost; the signal's reason when that is aborted
 */
export async function runLines(
  node: Node,
  words: readonly string[],
  onLine: (stream: Stream, line: string) => void,
  signal?: AbortSignal,
): Promise<number> {
  const stdout = lineSplitter(line => onLine('stdout', line))
  const stderr = lineSplitter(line => onLine('stderr', line))
  try {
    return await node.connection.run(quoteExec(words), { stdout, stderr }, signal)
  } finally {
    await Promise.all([stdout, stderr].map(stream => finished(stream.end())))
  }
}

/**
 * Runs a command on a node and returns what it wrote.
 * @param stdin what the command reads; nothing when missing
 * @throws Failure (exit 4) when the node is lost
 */
export async function capture(
  node: Node,
  words: readonly string[],
  signal?: AbortSignal,
  stdin?: string,
): Promise<{ exitCode: number; stdout: Buffer; stderr: Buffer }> {
  const [stdout, stderr] = [collector(), collector()]
  const streams = { stdout: stdout.stream, stderr: stderr.stream, ...(stdin !== undefined && { stdin }) }
  const exitCode = await node.connection.run(quoteExec(words), streams, signal)
  return { exitCode, stdout: stdout.bytes(), stderr: stderr.bytes() }
}

/** A stream that keeps what is written into it. */
export function collector(): { stream: Writable; bytes(): Buffer } {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk)
      done()
    },
  })
  return { stream, bytes: () => Buffer.concat(chunks) }
}
