import * as v from 'valibot'
import { infrastructureFailure } from '../errors/failure.ts'
import { shortText } from '../host/text.ts'
import type { NodeShell } from './runtime/shell.ts'

/** An interface, as the kernel reports it. */
export interface KernelLink {
  readonly ifname: string
  readonly mac: string
  readonly mtu: number
  /** With prefix lengths; without link-local ones. */
  readonly addresses: readonly string[]
}

export interface KernelRoute {
  /** With a prefix length: `0.0.0.0/0` for the default. */
  readonly dst: string
  readonly gateway?: string | undefined
  readonly dev?: string | undefined
}

/** The network of a node or container. */
export interface KernelFacts {
  readonly links: readonly KernelLink[]
  /** Of all tables, without those that the kernel makes for addresses of its own. */
  readonly routes: readonly KernelRoute[]
}

const optional = <T extends v.GenericSchema>(schema: T) => v.nullish(schema)
const links = v.array(
  v.looseObject({
    ifname: v.optional(v.string()),
    address: optional(v.string()),
    mtu: v.optional(v.number(), 0),
    addr_info: v.optional(
      v.array(
        v.looseObject({
          local: v.optional(v.string()),
          prefixlen: v.optional(v.number()),
          scope: optional(v.string()),
        }),
      ),
      [],
    ),
  }),
)
const routes = v.array(
  v.looseObject({
    type: optional(v.string()),
    dst: v.optional(v.string(), ''),
    gateway: optional(v.string()),
    dev: optional(v.string()),
    protocol: optional(v.string()),
  }),
)

/** Three documents of JSON, each on lines of its own. */
const SCRIPT = `
if [ -n "$1" ]; then set -- -netns "\${1##*/}"; else set --; fi
ip "$@" -json address show && echo && ip "$@" -4 -json route show table all && echo && ip "$@" -6 -json route show table all
`

/**
 * Reads the network of a container, or of the node.
 * @param netns path of the container's network namespace; empty for the node
 * @throws Failure CNI_NODES (exit 4)
 */
export async function readKernel(shell: NodeShell, netns: string): Promise<KernelFacts> {
  const { exitCode, stdout, stderr } = await shell.run(['sh', '-c', SCRIPT, 'sh', netns])
  try {
    if (exitCode !== 0) throw new Error(stderr.toString())
    const [addresses = '', ipv4 = '', ipv6 = ''] = stdout.toString().split('\n\n')
    return {
      links: v.parse(links, json(addresses)).flatMap(({ ifname, address, mtu, addr_info }) =>
        ifname === undefined
          ? []
          : {
              ifname,
              mac: address ?? '',
              mtu,
              addresses: addr_info
                .filter(({ scope, local }) => scope !== 'link' && local !== undefined)
                .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
            },
      ),
      routes: [...readRoutes(ipv4, 32, '0.0.0.0/0'), ...readRoutes(ipv6, 128, '::/0')],
    }
  } catch (cause) {
    const why = shortText((cause as Error).message)
    throw infrastructureFailure(
      'CNI_NODES',
      `${shell.name}: cannot read the network of ${netns || 'the node'}: ${why}`,
      {
        node: shell.name,
        cause,
      },
    )
  }
}

/** `ip` prints nothing instead of an empty list. */
const json = (text: string): unknown => JSON.parse(text.trim() || '[]')

const readRoutes = (text: string, longest: number, everything: string): readonly KernelRoute[] =>
  v
    .parse(routes, json(text))
    .filter(({ type }) => !['local', 'broadcast', 'anycast', 'multicast'].includes(type ?? ''))
    .map(({ dst, gateway, dev }) => ({
      dst: dst === 'default' ? everything : dst.includes('/') ? dst : `${dst}/${longest}`,
      gateway: gateway ?? undefined,
      dev: dev ?? undefined,
    }))
