import { infrastructureFailure } from '../errors/failure.ts'
import { shortText } from '../host/text.ts'
import type { Family } from '../settings/family.ts'
import type { Selectable } from '../settings/selectors.ts'
import { capture, type Node } from '../ssh/node.ts'
import type { NodeFacts } from './facts.ts'
import { asNics } from './nics.ts'

/**
 * Reads the status of all nodes at once.
 * @throws Failure BAD_STATUS (exit 4) when a node's status fails or is invalid
 */
export async function readNetwork(nodes: readonly Node[], signal?: AbortSignal): Promise<readonly NodeFacts[]> {
  return await Promise.all(nodes.map(node => readNode(node, signal)))
}

/**
 * Runs `netns_test status --json` on a node.
 * @throws Failure BAD_STATUS (exit 4) when it fails or its output is invalid
 */
export async function readNode(node: Node, signal?: AbortSignal): Promise<NodeFacts> {
  // The schema is loaded while the node is busy.
  const [{ exitCode, stdout, stderr }, { checkStatus }] = await Promise.all([
    capture(node, ['netns_test', 'status', '--json'], signal),
    import('./status-schema.ts'),
  ])
  if (exitCode !== 0) {
    const output = shortText(stderr.toString())
    const message = `${node.name}: netns_test status failed with exit status ${exitCode}${output && `: ${output}`}`
    throw infrastructureFailure('BAD_STATUS', message, { node: node.name })
  }
  try {
    return asNics(checkStatus(node.name, JSON.parse(stdout.toString())))
  } catch (cause) {
    const why = shortText((cause as Error).message)
    throw infrastructureFailure('BAD_STATUS', `${node.name}: its status is invalid: ${why}`, {
      node: node.name,
      cause,
    })
  }
}

/** A POD that pings or is pinged. */
export interface Source {
  readonly pod: string
  readonly node: string
}

/** A key for maps: POD names are unique only within a node. */
export const podKey = ({ node, pod }: Source): string => `${node} ${pod}`

/** The PODs of all nodes. */
export const sourcesOf = (network: readonly NodeFacts[]): readonly Source[] =>
  network.flatMap(({ node, pods }) => pods.map(({ name }) => ({ pod: name, node })))

/** A POD, for selectors, and the node that it runs on. */
interface PlacedPod extends Selectable {
  readonly node: string
  readonly on: Node
}

/** The PODs of a network on nodes. */
export const podsOn = (nodes: readonly Node[], network: readonly NodeFacts[]): readonly PlacedPod[] =>
  nodes.flatMap(on =>
    network
      .filter(({ node }) => node === on.name)
      .flatMap(({ node, pods }) => pods.map(({ name }) => ({ name, node, role: on.role, on }))),
  )

/** An address of a POD with global scope. */
export interface PodAddress extends Source {
  readonly address: string
  readonly family: Family
  /** The interface with the address, and its MAC. */
  readonly interface: string
  readonly mac?: string
}

/** Cached: with 100 nodes, each node's part of the proof needs the addresses of all. */
const collected = new WeakMap<readonly NodeFacts[], readonly PodAddress[]>()

/** All global addresses of PODs, in the order of nodes, PODs and interfaces. */
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
