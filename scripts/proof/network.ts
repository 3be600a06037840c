import { infrastructureFailure } from '../errors/failure.ts'
import { shortText } from '../host/text.ts'
import type { Family } from '../settings/family.ts'
import { capture, type Node } from '../ssh/node.ts'
import type { NodeFacts } from './facts.ts'
import { asNics } from './nics.ts'

/**
 * Asks nodes, all at once, what is in them.
 * @throws Failure BAD_STATUS (exit 4) when one does not answer as it should
 */
export async function readNetwork(nodes: readonly Node[], signal?: AbortSignal): Promise<readonly NodeFacts[]> {
  return await Promise.all(nodes.map(node => readNode(node, signal)))
}

/**
 * Asks a node what is in it.
 * @throws Failure BAD_STATUS (exit 4) when it does not answer as it should
 */
export async function readNode(node: Node, signal?: AbortSignal): Promise<NodeFacts> {
  // Loaded while the node is at work.
  const [{ exitCode, stdout, stderr }, { checkStatus }] = await Promise.all([
    capture(node, ['netns_test', 'status', '--json'], signal),
    import('./status-schema.ts'),
  ])
  if (exitCode !== 0) {
    const said = shortText(stderr.toString())
    const message = `${node.name}: netns_test status failed with exit status ${exitCode}${said && `: ${said}`}`
    throw infrastructureFailure('BAD_STATUS', message, { node: node.name })
  }
  try {
    return asNics(checkStatus(node.name, JSON.parse(stdout.toString())))
  } catch (cause) {
    const why = shortText((cause as Error).message)
    throw infrastructureFailure('BAD_STATUS', `${node.name}: its status is not understood: ${why}`, {
      node: node.name,
      cause,
    })
  }
}

/** A POD that pings, or is pinged. */
export interface Source {
  readonly pod: string
  readonly node: string
}

/** An address of a POD by which others can reach it. */
export interface PodAddress extends Source {
  readonly address: string
  readonly family: Family
  /** The POD's interface that has it, and that one's MAC. */
  readonly interface: string
  readonly mac?: string
}

/** Collected once for each network: of a hundred nodes every node's part of the proof asks for all of them. */
const collected = new WeakMap<readonly NodeFacts[], readonly PodAddress[]>()

/** The addresses of all PODs that are valid beyond a link, in the order of nodes, PODs and interfaces. */
export function podAddresses(network: readonly NodeFacts[]): readonly PodAddress[] {
  const known = collected.get(network)
  if (known) return known
  const addresses = collectAddresses(network)
  collected.set(network, addresses)
  return addresses
}

const collectAddresses = (network: readonly NodeFacts[]): readonly PodAddress[] =>
  network.flatMap(({ node, pods }) =>
    pods.flatMap(({ name, interfaces }) =>
      interfaces.flatMap(({ ifname, address: mac, addr_info }) =>
        addr_info
          .filter(({ scope }) => scope === 'global')
          .map(({ local, family }) => {
            const own = {
              pod: name,
              node,
              address: local,
              family: family === 'inet' ? 4 : 6,
              interface: ifname,
            } as const
            return mac === undefined ? own : { ...own, mac }
          }),
      ),
    ),
  )
