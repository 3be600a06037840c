import { randomBytes } from 'node:crypto'
import { runClock } from '../../host/clock.ts'
import { macAddress } from '../../settings/mac-address.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import { quoteWord } from '../../ssh/quote.ts'
import { addressByTemplate, addressOn } from './addresses.ts'
import type { ClusterKeys } from './keys.ts'
import { encodeMessage } from './message.ts'
import { type Attached, forwards, routesOf } from './routing.ts'

/** The part of the identity that all nodes of a cluster share. */
export interface CommonIdentity {
  readonly keys: ClusterKeys
  readonly environment: Readonly<Record<string, string>>
  /** The prefix of IPv6 addresses: `1000::1`. */
  readonly prefix: string
  /** The number of layers with ovls, the first of which is netns. */
  readonly ovls: number
  /** `/etc/rnd-addresses` of netns. */
  readonly rndAddresses: string
  readonly nodes: readonly Attached[]
  /** The content of /etc/hosts. */
  readonly hosts: string
  /** Nets whose interfaces stay down, without addresses, unless XLAN_TEMPLATE is set. */
  readonly bareNets: readonly number[]
  /** Numbers of nodes besides the routers that forward. */
  readonly alsoForwarding: readonly number[]
}

/** The size of the kernel's random seed. */
const SEED_BYTES = 32

/**
 * The message that turns a booted guest into a node: see guest/root/etc/netns/become.pl.
 * @param cloned restored from a template, whose clock and random numbers it has
 * @returns see {@link encodeMessage}
 */
export function identityMessage(node: NodePlan, common: CommonIdentity, cloned: boolean): Buffer {
  const environment = Object.entries(common.environment).map(([name, value]) => `export ${name}=${quoteWord(value)}\n`)
  const now = runClock()
  const values: Record<string, string | Buffer> = {
    node: String(node.number),
    hostname: node.name,
    interfaces: node.nets.map(net => interfaceLine(net, node.number, common)).join('\n'),
    ovls: String(common.ovls),
    rnd_addresses: common.rndAddresses,
    environment: environment.join(''),
    authorized_keys: `${common.keys.clientPublicKey}\n`,
    host_key: Buffer.from(common.keys.hostPrivateKey, 'base64'),
    hosts: common.hosts,
    ...routeCommands(node, common),
    forward: forwards(node, common.alsoForwarding) ? 'yes' : 'no',
    seed: cloned ? randomBytes(SEED_BYTES) : '',
    now: `${Math.floor(now / 1000)} ${(now % 1000) * 1_000_000}`,
  }
  return encodeMessage(values)
}

/**
 * `<net> <MAC address> <IPv4 address> <netmask> <IPv6 address> <prefix length>`; only net and MAC address for an
 * interface that stays down.
 */
function interfaceLine(net: number, node: number, { bareNets, environment, prefix }: CommonIdentity): string {
  const template = environment.XLAN_TEMPLATE
  if (bareNets.includes(net) && !template) return `${net} ${macAddress(net, node)}`
  const address =
    template && bareNets.includes(net) ? addressByTemplate(template, net, node, prefix) : addressOn(net, node, prefix)
  const { ipv4, netmask, ipv6, ipv6Length } = address
  return [net, macAddress(net, node), ipv4, netmask, ipv6, ipv6Length].join(' ')
}

/** Input of `ip -batch` for each family; may be empty. */
function routeCommands(node: NodePlan, { nodes, bareNets, alsoForwarding, prefix }: CommonIdentity) {
  const addressed = (attached: Attached) => ({
    ...attached,
    nets: attached.nets.filter(net => !bareNets.includes(net)),
  })
  const routes = routesOf(addressed(node), nodes.map(addressed), alsoForwarding)
  const lines = (of: (net: number, host: number) => string, length: number) =>
    routes.map(({ to, via }) => {
      const hops = via.map(hop => `nexthop via ${of(hop.net, hop.node)}`)
      return `route replace ${to === 'default' ? to : `${of(to, 0)}/${length}`} ${hops.join(' ')}\n`
    })
  const ipv4 = (net: number, host: number) => `192.168.${net}.${host}`
  return {
    routes: lines(ipv4, 24).join(''),
    routes6: lines((net, host) => `${prefix}:${ipv4(net, host)}`, 120).join(''),
  }
}
