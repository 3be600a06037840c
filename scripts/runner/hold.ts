import type { HeldConnection, HeldConnections, HoldRequest } from '../cases/context.ts'
import { infrastructureFailure } from '../errors/failure.ts'
import { shortText } from '../host/text.ts'
import { readNetwork } from '../proof/network.ts'
import { matches } from '../settings/selectors.ts'
import type { Node } from '../ssh/node.ts'
import { askProbers, startProbers, stopProbers } from './probes.ts'
import type { TestRun } from './test-run.ts'

/** PODs of a node that connect. */
interface Holder {
  readonly node: Node
  readonly pods: readonly string[]
}

/**
 * Opens TCP connections from PODs to an address, where probers of the PODs answer, and keeps them busy.
 * @throws Error when a connection cannot be opened; Failure NO_PROBE (exit 4) when probers cannot run
 */
export async function holdConnections(
  { from = 'all', to, port, connections = 1 }: HoldRequest,
  { cluster, test, settings }: TestRun,
  signal: AbortSignal,
): Promise<HeldConnections> {
  const { nodes } = cluster
  const network = await readNetwork(nodes, signal)
  const holders = nodes.flatMap((node): Holder[] => {
    const { name, role } = node
    const pods = network.find(facts => facts.node === name)?.pods ?? []
    const chosen = pods.filter(pod => matches(from, { name: pod.name, node: name, role }, test.labels))
    return chosen.length > 0 ? [{ node, pods: chosen.map(pod => pod.name) }] : []
  })
  const asked = holders.reduce((sum, { pods }) => sum + pods.length * connections, 0)
  if (asked === 0) throw new Error('no POD was selected to hold connections')
  const deadline = performance.now() + settings.timeoutSeconds * 1000
  await startProbers({ nodes, network, deadline, signal }, [`tcp/${port}`])
  const texts = await Promise.all(
    holders.map(async ({ node, pods }) => {
      const lines = pods.map(pod => `${pod} hold 0 ${to} ${port} ${connections}\n`)
      return await askProbers(node, ['hold'], lines.join(''), { signal })
    }),
  )
  const count = texts
    .flatMap(text => [...text.matchAll(/^\S+ (\d+) held of \d+$/gm)])
    .reduce((sum, [, held]) => sum + Number(held), 0)
  if (count < asked) {
    await stopProbers({ nodes, signal })
    throw new Error(`${count} of ${asked} connections to ${to} port ${port} were opened`)
  }
  const release = async (): Promise<readonly HeldConnection[]> => {
    const found = await Promise.all(holders.map(async holder => await releaseOn(holder, signal)))
    await stopProbers({ nodes, signal })
    return found.flat()
  }
  return { count, release }
}

async function releaseOn({ node, pods }: Holder, signal: AbortSignal): Promise<readonly HeldConnection[]> {
  const text = await askProbers(node, ['release'], pods.map(pod => `${pod} release\n`).join(''), { signal })
  return text.split('\n').flatMap(line => {
    const [from = '', first, , by = '', answers = '', why = ''] = line.split(' ')
    if (line === '' || first === 'end') return []
    if (!pods.includes(from) || !/^\d{1,9}$/.test(answers) || !/^(-|[\w-]{1,20})$/.test(why)) {
      const message = `${node.name}: invalid output of held connections '${shortText(line, 120)}'`
      throw infrastructureFailure('NO_PROBE', message, { node: node.name })
    }
    return [{ from, by, answers: Number(answers), ...(why !== '-' && { broken: why }) }]
  })
}
