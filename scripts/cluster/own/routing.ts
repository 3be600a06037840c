import type { NodePlan } from '../../settings/nodes.ts'

/** The properties of a node that determine its routes. */
export type Attached = Pick<NodePlan, 'number' | 'role' | 'nets'>

/** A route to a net through one or more nodes, which share the traffic. */
export interface Route {
  /** A net's number, or the default route. */
  readonly to: number | 'default'
  readonly via: readonly { readonly net: number; readonly node: number }[]
}

/** Whether a node forwards: routers do, and the testers of some topologies. */
export const forwards = ({ number, role }: Attached, alsoForwarding: readonly number[]): boolean =>
  role === 'router' || alsoForwarding.includes(number)

/**
 * The routes of a node over the fewest routers to each net. Net 0 leads to no other node.
 * @param nodes of the whole cluster
 * @param alsoForwarding numbers of nodes besides the routers that forward
 * @returns routes that its addresses do not imply. Nodes that do not forward have a default route through the routers
 *   of their first net with one.
 */
export function routesOf(
  node: Attached,
  nodes: readonly Attached[],
  alsoForwarding: readonly number[] = [],
): readonly Route[] {
  const forwarders = nodes.filter(other => other.number !== node.number && forwards(other, alsoForwarding))
  const nets = [...new Set(nodes.flatMap(other => other.nets))].filter(net => net > 0).sort((a, b) => a - b)
  const own = node.nets.filter(net => net > 0)
  const gatewayNet = own.find(net => forwarders.some(forwarder => forwarder.nets.includes(net)))
  const isRouter = forwards(node, alsoForwarding)
  const gateways: Route[] =
    isRouter || gatewayNet === undefined ? [] : [{ to: 'default', via: on(gatewayNet, forwarders) }]
  const ways = nets
    .filter(net => !own.includes(net))
    .map(net => ({ to: net, via: nextHops(own, net, forwarders) }))
    .filter(({ via }) => via.length > 0 && JSON.stringify(via) !== JSON.stringify(gateways[0]?.via))
  return [...gateways, ...ways]
}

const on = (net: number, forwarders: readonly Attached[]): Route['via'] =>
  forwarders.filter(({ nets }) => nets.includes(net)).map(({ number }) => ({ net, node: number }))

/** The forwarders on a node's nets that are closest to the target, without duplicates. */
function nextHops(own: readonly number[], target: number, forwarders: readonly Attached[]): Route['via'] {
  const distances = distancesTo(target, forwarders)
  const found = new Map<number, { net: number; node: number }>()
  for (const hop of own.flatMap(net => on(net, forwarders))) {
    if (distances.has(hop.node) && !found.has(hop.node)) found.set(hop.node, hop)
  }
  const nearest = Math.min(...[...found.keys()].map(number => distances.get(number) as number))
  return [...found.values()].filter(({ node }) => distances.get(node) === nearest)
}

/** The number of routers between each forwarder and a net. */
function distancesTo(target: number, forwarders: readonly Attached[]): ReadonlyMap<number, number> {
  const distances = new Map<number, number>()
  const seen = new Set<number>([0])
  let nets = [target]
  for (let distance = 0; nets.length > 0; distance++) {
    for (const net of nets) seen.add(net)
    const reached = forwarders.filter(
      forwarder => !distances.has(forwarder.number) && forwarder.nets.some(net => nets.includes(net)),
    )
    for (const { number } of reached) distances.set(number, distance)
    nets = [...new Set(reached.flatMap(forwarder => forwarder.nets))].filter(net => !seen.has(net))
  }
  return distances
}
