import { BlockList, isIP } from 'node:net'
import type { Route } from '../proof/facts.ts'
import type { Family } from '../settings/family.ts'
import type { Namespace } from './namespaces.ts'

/** Types of routes that drop packets. */
const DROPPING = ['blackhole', 'unreachable', 'prohibit', 'throw']

/** The routing decision for an address. */
export type Decision =
  | { readonly kind: 'sends'; readonly dev: string; readonly gateway: string | undefined }
  | { readonly kind: 'refuses'; readonly how: string }
  | { readonly kind: 'has no route' }
  /** The route is of an unsupported kind. */
  | { readonly kind: 'unknown' }

/** Routes by longest prefix, then metric, over all tables except `local`; policy rules are not considered. */
export function decide({ routes }: Namespace, address: string, family: Family): Decision {
  let best: { readonly route: Route; readonly length: number } | undefined
  for (const route of routes) {
    if (route.table === 'local' || route.encap || route.flags?.includes('dead')) continue
    if (!['unicast', ...DROPPING].includes(route.type ?? 'unicast')) continue
    const length = matchLength(route, address, family)
    if (length === undefined) continue
    const isBetter =
      !best || length > best.length || (length === best.length && (route.metric ?? 0) < (best.route.metric ?? 0))
    if (isBetter) best = { route, length }
  }
  if (!best) return { kind: 'has no route' }
  const { type = 'unicast', dev, gateway } = best.route
  if (type !== 'unicast') return { kind: 'refuses', how: `${type} route to ${best.route.dst}` }
  return dev === undefined ? { kind: 'unknown' } : { kind: 'sends', dev, gateway }
}

/** The remote ends of a namespace's tunnels, from its routes. */
export const tunnelEnds = ({ routes }: Namespace): readonly string[] => [
  ...new Set(routes.flatMap(({ encap, dst = '' }) => (encap && isIP(dst) > 0 ? [dst] : []))),
]

const lists = new Map<string, BlockList>()

/** @returns the prefix length of the route; undefined if the address is outside */
function matchLength({ dst = '', gateway }: Route, address: string, family: Family): number | undefined {
  // A default route without a gateway may be of either family.
  if (dst === 'default') return gateway === undefined || isIP(gateway) === family ? 0 : undefined
  const [net = '', length = family === 4 ? '32' : '128'] = dst.split('/')
  if (isIP(net) !== family) return undefined
  const list = lists.get(dst) ?? listOf(net, Number(length), family)
  lists.set(dst, list)
  return list.check(address, `ipv${family}`) ? Number(length) : undefined
}

function listOf(net: string, length: number, family: Family): BlockList {
  const list = new BlockList()
  list.addSubnet(net, length, `ipv${family}`)
  return list
}
