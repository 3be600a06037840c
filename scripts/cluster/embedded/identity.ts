import { randomBytes } from 'node:crypto'
import { quoteWord } from '../../node/quote.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import type { ClusterKeys } from './keys.ts'

/** What all VMs of a cluster are told alike. */
export interface CommonIdentity {
  readonly keys: ClusterKeys
  /** Their environment. */
  readonly environment: Readonly<Record<string, string>>
  /** The beginning of their IPv6 addresses: `1000::1`. */
  readonly prefix: string
  /** Number of disks with ovls: netns is the first. */
  readonly ovls: number
  /** `/etc/rnd-addresses` of netns. */
  readonly rndAddresses: string
  /** Numbers of the routers, in whose care everybody's default route is. */
  readonly routers: readonly number[]
}

/** As many as the kernel's random numbers have. */
const SEED_BYTES = 32

/** The net on which routers are met; they have both. Topology xnet of xcluster, and all that are built on it. */
const GATEWAY_NETS = { worker: 1, tester: 2 } as const

/**
 * What makes a booted guest this node: written to its control port, see guest/root/etc/netns/become.pl.
 * @param cloned it went on from a template: it has that one's clock and random numbers
 * @returns the number of bytes that follow, and those: names and values in turn, each behind the number of its bytes; numbers are 32 bits,
 *   big-endian
 */
export function identityMessage(node: NodePlan, common: CommonIdentity, cloned: boolean): Buffer {
  const environment = Object.entries(common.environment).map(([name, value]) => `export ${name}=${quoteWord(value)}\n`)
  const now = Date.now()
  const values: Record<string, string | Buffer> = {
    node: String(node.number),
    hostname: node.name,
    nets: node.nets.join(' '),
    ovls: String(common.ovls),
    rnd_addresses: common.rndAddresses,
    environment: environment.join(''),
    authorized_keys: `${common.keys.clientPublicKey}\n`,
    host_key: Buffer.from(common.keys.hostPrivateKey, 'base64'),
    prefix: common.prefix,
    routers: node.role === 'router' ? '' : common.routers.join(' '),
    gateway_net: node.role === 'router' ? '' : String(GATEWAY_NETS[node.role]),
    forward: node.role === 'router' ? 'yes' : 'no',
    seed: cloned ? randomBytes(SEED_BYTES) : '',
    now: `${Math.floor(now / 1000)} ${(now % 1000) * 1_000_000}`,
  }
  return counted(Buffer.concat(Object.entries(values).flat().map(counted)))
}

function counted(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(bytes.length)
  return Buffer.concat([head, bytes])
}
