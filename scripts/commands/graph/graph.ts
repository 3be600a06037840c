import process from 'node:process'
import { resolveCluster } from '../../cluster/choose.ts'
import { toDot } from '../../graph/dot.ts'
import { buildGraph } from '../../graph/graph.ts'
import { graphSvg } from '../../graph/svg.ts'
import type { Environment } from '../../host/environment.ts'
import { safeJson } from '../../host/text.ts'
import { readNetwork } from '../../proof/network.ts'

const FORMATS = {
  svg: graphSvg,
  dot: toDot,
  json: (graph: ReturnType<typeof buildGraph>) => `${safeJson(JSON.stringify(graph, undefined, 2))}\n`,
} as const

/**
 * `graph`: draws the network of a running cluster, as its nodes report it, on stdout.
 * @param options that select the cluster, by the names of their variables
 * @throws Failure NO_CLUSTER (exit 3), and of the settings
 */
export async function showGraph(
  options: Environment,
  environment: Environment,
  format: keyof typeof FORMATS,
  signal: AbortSignal,
): Promise<void> {
  const onLine = (line: string) => process.stderr.write(`${line}\n`)
  const requested = await resolveCluster({ options, environment, test: {}, onLine, signal })
  const nodes = await requested.logInOnAll(signal)
  try {
    process.stdout.write(FORMATS[format](buildGraph(await readNetwork(nodes, signal))))
  } finally {
    for (const { connection } of nodes) connection.close()
  }
}
