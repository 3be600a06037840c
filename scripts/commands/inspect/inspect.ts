import process from 'node:process'
import { resolveCluster } from '../../cluster/choose.ts'
import { usageFailure } from '../../errors/failure.ts'
import { buildGraph } from '../../graph/graph.ts'
import { narrowTable, networkTable } from '../../graph/table.ts'
import { callersEnvironment, type Environment } from '../../host/environment.ts'
import { safeJson } from '../../host/text.ts'
import { foreignName, type NodeFacts } from '../../proof/facts.ts'
import { readNetwork } from '../../proof/network.ts'
import { alignColumns } from '../../reporters/columns.ts'

/**
 * `inspect`: prints interfaces and addresses of nodes and PODs: a table, or JSON of `netns_test status` on each node.
 * @param targets nodes (with their PODs) and PODs; empty for all
 * @param options that select the cluster, by the names of their variables
 * @throws Failure NO_CLUSTER (exit 3), NO_SUCH_NODE (exit 2) with the existing names, and of the settings
 */
export async function showNetwork(
  targets: readonly string[],
  options: Environment,
  json: boolean,
  signal: AbortSignal,
): Promise<void> {
  const onLine = (line: string) => process.stderr.write(`${line}\n`)
  const requested = await resolveCluster({ options, environment: callersEnvironment, test: {}, onLine, signal })
  const nodes = await requested.logInOnAll(signal)
  try {
    const network = await readNetwork(nodes, signal)
    checkTargets(network, targets)
    for (const { node, stale = [] } of network)
      for (const name of stale)
        onLine(`${node}: ${safeJson(JSON.stringify(name))} is stale: no namespace is mounted on it`)
    const isShown = (node: string, name: string) =>
      targets.length === 0 || [node, name].some(it => targets.includes(it))
    if (!json) process.stdout.write(fitTable(networkTable(buildGraph(network), isShown), process.stdout))
    else process.stdout.write(`${factsJson(chosenFacts(network, isShown))}\n`)
  } finally {
    for (const { connection } of nodes) connection.close()
  }
}

/** Narrows the table to a terminal; files and pipes get all columns. */
function fitTable(table: string[][], { isTTY, columns = 80 }: { isTTY?: boolean; columns?: number }): string {
  const text = alignColumns(table)
  const isTooWide = isTTY === true && text.split('\n').some(line => line.length > columns)
  return isTooWide ? alignColumns(narrowTable(table)) : text
}

const factsJson = (nodes: unknown): string => safeJson(JSON.stringify({ version: 1, nodes }, undefined, 2))

type IsShown = (node: string, name: string) => boolean

function checkTargets(network: readonly NodeFacts[], targets: readonly string[]): void {
  const pods = network.flatMap(({ node, pods, foreign = [] }) => [
    ...pods.map(({ name }) => name),
    ...foreign.map(({ name }) => foreignName(node, name)),
  ])
  const known = [...network.map(({ node }) => node), ...pods]
  const unknown = targets.find(target => !known.includes(target))
  if (unknown === undefined) return
  throw usageFailure('NO_SUCH_NODE', `'${unknown}' is not a node or POD of the cluster`, {
    hint: `those are ${known.join(' ')}`,
  })
}

/** The selected nodes, and other nodes reduced to their selected PODs. */
const chosenFacts = (network: readonly NodeFacts[], isShown: IsShown) =>
  network.flatMap(({ node, interfaces, routes, pods, foreign = [], stale = [] }) => {
    const chosen = pods.filter(({ name }) => isShown(node, name))
    const others = foreign.filter(({ name }) => isShown(node, foreignName(node, name)))
    if (isShown(node, node)) return [{ node, interfaces, routes, pods: chosen, foreign: others, stale }]
    return chosen.length + others.length > 0 ? [{ node, pods: chosen, foreign: others }] : []
  })
