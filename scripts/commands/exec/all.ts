import process from 'node:process'
import { type ClusterChoice, clusterOf } from '../../cluster/choice.ts'
import { noSuchNode } from '../../cluster/targets.ts'
import { commandLine } from '../../command-line/attached.ts'
import { Failure, usageFailure } from '../../errors/failure.ts'
import { podsOn, readNetwork } from '../../proof/network.ts'
import { select } from '../../settings/selectors.ts'
import { lineSplitter } from '../../ssh/lines.ts'
import { allOrNone, type Node } from '../../ssh/node.ts'

/** A node or POD in which the command runs. */
interface Target {
  readonly name: string
  readonly node: Node
}

/**
 * `exec` on several nodes or PODs: runs a command on all at once, without input. Each line of its output follows the
 * name of its node or POD.
 * @param pattern of names of nodes or, if it matches none, of PODs; `all` for all nodes
 * @returns the highest exit status
 * @throws Failure NO_COMMAND, NO_SUCH_NODE (exit 2); NO_CLUSTER (exit 3)
 */
export async function execOnAll(
  pattern: string,
  words: readonly string[],
  choice: ClusterChoice,
  signal: AbortSignal,
): Promise<number> {
  if (words.length === 0) {
    throw usageFailure('NO_COMMAND', `exec ${pattern}: a command is required for several nodes or PODs`, {
      hint: "netns.ts exec '*-ns01' -- ip address",
    })
  }
  const { kind, query } = await clusterOf(choice, signal, `exec ${pattern}`)
  const names = await kind.nodes(query)
  if (names.length === 0) throw noSuchNode(pattern, 'of a running cluster', 'no cluster is running')
  const nodes = await allOrNone(names.map(name => kind.enter(name, query)))
  try {
    const targets = await targetsIn(pattern, nodes, signal)
    const width = Math.max(...targets.map(({ name }) => name.length))
    const ended = await Promise.all(targets.map(target => runOn(target, words, width, signal)))
    return Math.max(...ended)
  } finally {
    for (const { connection } of nodes) connection.close()
  }
}

async function targetsIn(pattern: string, nodes: readonly Node[], signal: AbortSignal): Promise<readonly Target[]> {
  const own = select(pattern, nodes)
  if (own.length > 0) return own.map(node => ({ name: node.name, node }))
  const chosen = select(pattern, podsOn(nodes, await readNetwork(nodes, signal)))
  if (chosen.length > 0) return chosen.map(({ name, on: node }) => ({ name, node }))
  throw noSuchNode(pattern, 'of the cluster', `nodes are ${nodes.map(({ name }) => name).join(' ')}`)
}

/** Runs the command in one place; reports a lost node and continues with the others. */
async function runOn({ name, node }: Target, words: readonly string[], width: number, signal: AbortSignal) {
  const [stdout, stderr] = [process.stdout, process.stderr].map(stream =>
    lineSplitter(line => stream.write(`${name.padEnd(width)}: ${line}\n`)),
  )
  if (!stdout || !stderr) return 0
  try {
    return await node.connection.run(commandLine(node, name, words), { stdout, stderr }, signal)
  } catch (error) {
    if (!(error instanceof Failure) || signal.aborted) throw error
    process.stderr.write(`${name.padEnd(width)}: ${error.message}\n`)
    return error.exitCode
  } finally {
    stdout.end()
    stderr.end()
  }
}
