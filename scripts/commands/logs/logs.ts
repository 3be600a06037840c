import process from 'node:process'
import { type ClusterChoice, clusterOf } from '../../cluster/choice.ts'
import type { ClusterConsoles } from '../../cluster/kind.ts'
import { markUse } from '../../cluster/users.ts'
import { followConsoles, nodesIn, type OnConsoleLine, readConsoles } from '../../consoles/follow.ts'
import { usageFailure } from '../../errors/failure.ts'
import { Interrupted } from '../../errors/interrupted.ts'
import type { Connection } from '../../ssh/connection.ts'

/** Options of `logs`. */
export interface LogsOptions extends ClusterChoice {
  readonly follow?: true
  /** Lines of each node. */
  readonly tail?: number
}

/**
 * `logs`: prints the consoles of nodes.
 * @param node all nodes if missing
 * @returns the exit status; after a signal, that of the signal
 * @throws Failure NO_CLUSTER (exit 3), NO_SUCH_NODE (exit 2) with the nodes that have a console
 */
export async function showLogs(node: string | undefined, options: LogsOptions, signal: AbortSignal): Promise<number> {
  const { follow = false, tail = Number.POSITIVE_INFINITY } = options
  const { kind, query } = await clusterOf(options, signal)
  const consoles = await kind.consoles(query)
  const nodes = nodesIn(consoles)
  if (node !== undefined && !nodes.includes(node)) throw noConsole(node, nodes)
  const chosen = node === undefined ? nodes : [node]
  const wanted = (from: string) => node === undefined || node === from
  const print = (from: string, line: string) => process.stdout.write(`${node ? '' : `${from} | `}${line}\n`)
  // With --tail, lines are buffered until all are read.
  const found = new Map(chosen.map(from => [from, [] as string[]]))
  const spoke = new Set<string>()
  const keep = (from: string, line: string) => {
    spoke.add(from)
    if (tail === Number.POSITIVE_INFINITY) return void print(from, line)
    const lines = found.get(from) ?? []
    found.set(from, lines)
    // Removes many at a time: each removal moves the rest.
    if (lines.push(line) > 2 * tail) lines.splice(0, lines.length - tail)
  }
  const printFound = () => {
    for (const [from, lines] of found) {
      for (const line of lines.slice(Math.max(0, lines.length - tail))) print(from, line)
    }
  }
  if (!follow) {
    await readConsoles(consoles, wanted, keep)
    printFound()
    const silent = chosen.filter(from => !spoke.has(from))
    if (silent.length > 0) process.stderr.write(`the consoles of ${silent.join(' ')} are empty\n`)
    return 0
  }
  markUse(consoles.usersDirectory, 'logs -f')
  let onLine: OnConsoleLine = keep
  const onCaughtUp = () => {
    printFound()
    onLine = print
  }
  const ended = new AbortController()
  const end = () => ended.abort()
  process.stdout.once('error', end)
  signal.addEventListener('abort', end, { once: true })
  const close = callWhenGone(chosen, consoles, end)
  try {
    await followConsoles(consoles, wanted, (from, line) => onLine(from, line), onCaughtUp, ended.signal)
  } finally {
    close()
    process.stdout.off('error', end)
  }
  return signal.reason instanceof Interrupted ? signal.reason.exitCode : 0
}

/**
 * Detects the end of nodes by ssh connections: the console of a stopped node does not change.
 * @param onGone called when all nodes are gone
 * @returns closes the connections
 */
function callWhenGone(nodes: readonly string[], { logIn }: ClusterConsoles, onGone: () => void): () => void {
  const connections: Connection[] = []
  let closed = false
  const gone = async (node: string) => {
    // A node that does not answer is gone; one that is still booting stops with its cluster.
    const connection = await logIn(node).catch(() => null)
    if (connection === null) return
    if (connection === undefined) return await new Promise<void>(() => {})
    if (closed) return connection.close()
    connections.push(connection)
    await connection.whenLost
  }
  if (nodes.length > 0) void Promise.all(nodes.map(gone)).then(onGone)
  return () => {
    closed = true
    for (const connection of connections) connection.close()
  }
}

const noConsole = (node: string, nodes: readonly string[]) =>
  usageFailure('NO_SUCH_NODE', `'${node}' is not a node with a console`, {
    hint: nodes.length > 0 ? `those are ${nodes.join(' ')}` : 'no node has one',
  })
