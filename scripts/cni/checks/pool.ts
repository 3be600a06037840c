import { ipamOf } from '../bench.ts'
import type { Network, PluginConfig } from '../network.ts'

interface Range {
  readonly subnet: string
  readonly [key: string]: unknown
}

/** Whether the pool of a network's IPAM plugin can be made small: it is written as host-local's. */
export function exhaustible(network: Network): true | string {
  const plugin = ipamOf(network)
  if (!plugin) return 'no plugin of the network has an IPAM plugin'
  const { ipam } = plugin
  const isKnown = typeof ipam.subnet === 'string' || Array.isArray(ipam.ranges)
  return isKnown || `how to exhaust the pool of ${ipam.type} is unknown: it has neither subnet nor ranges`
}

/** The network with one address, of each family, for containers. */
export const shrunk = (network: Network): Network => ({
  ...network,
  plugins: network.plugins.map(plugin => (plugin === ipamOf(network) ? shrunkPlugin(plugin) : plugin)),
})

function shrunkPlugin(plugin: PluginConfig): PluginConfig {
  const { subnet, ranges, ...ipam } = plugin.ipam ?? {}
  const shrinkAll = (sets: readonly (readonly Range[])[]) =>
    sets.map(set => set.slice(0, 1).map(range => ({ ...range, ...onlyAddress(range.subnet) })))
  return {
    ...plugin,
    ipam: {
      ...ipam,
      ...(typeof subnet === 'string' && { subnet, ...onlyAddress(subnet) }),
      ...(Array.isArray(ranges) && { ranges: shrinkAll(ranges) }),
    },
  }
}

/** The tenth address of a network: the first ones are often gateways. */
function onlyAddress(subnet: string) {
  const [network = ''] = subnet.split('/')
  const address = network.includes(':')
    ? network.replace(/[0-9a-f]*$/i, digits => `${digits.slice(0, -1)}a`)
    : network.replace(/\d+$/, number => String(Number(number) + 10))
  return { rangeStart: address, rangeEnd: address }
}
