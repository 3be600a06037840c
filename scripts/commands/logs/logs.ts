import process from 'node:process'
import { type ClusterChoice, clusterOf } from '../../cluster/choice.ts'
import type { ClusterConsoles } from '../../cluster/kind.ts'
import { markUse } from '../../cluster/users.ts'
import { followConsoles, nodesIn, type OnConsoleLine, readConsoles } from '../../consoles/follow.ts'
import { usageFailure } from '../../errors/failure.ts'
import { Interrupted } from '../../errors/interrupted.ts'
import type { Connection } from '../../ssh/connection.ts'

/** What the options of `logs` say. */
export interface LogsOptions extends ClusterChoice {
  readonly follow?: true
  /** Lines of each VM. */
  readonly tail?: number
}

/**
 * `logs`: what VMs wrote on their consoles, on stdout.
 * @param node one VM; all when missing
 * @returns the exit code: a signal's when one ended it
 * @throws Failure NO_CLUSTER (exit 3), NO_SUCH_NODE (exit 2) naming those that have a console
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
  // Where only the last lines are wanted, these are kept until all is read.
  const found = new Map(chosen.map(from => [from, [] as string[]]))
  const spoke = new Set<string>()
  const keep = (from: string, line: string) => {
    spoke.add(from)
    if (tail === Number.POSITIVE_INFINITY) return void print(from, line)
    const lines = found.get(from) ?? []
    found.set(from, lines)
    // Many at a time: to remove one moves all the others.
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
    if (silent.length > 0) process.stderr.write(`nothing was written on the consoles of ${silent.join(' ')}\n`)
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
 * A VM that ends leaves its console as it is: it is by a login that this is noticed.
 * @param onGone called when all VMs are gone
 * @returns what closes the connections
 */
function callWhenGone(nodes: readonly string[], { logIn }: ClusterConsoles, onGone: () => void): () => void {
  const connections: Connection[] = []
  let closed = false
  const gone = async (node: string) => {
    // One that does not answer is gone; one that is only coming up goes with its cluster.
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
    hint: nodes.length > 0 ? `those are ${nodes.join(' ')}` : 'there is none',
  })
