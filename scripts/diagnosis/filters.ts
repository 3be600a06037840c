import { capture, type Node } from '../ssh/node.ts'
import { type Ruleset, readRuleset } from './ruleset.ts'

/** Sysctls and rules of a namespace that affect packets. */
export interface Filters {
  /** By path below /proc/sys/net: `ipv4/conf/eth1/forwarding`. */
  readonly sysctls: ReadonlyMap<string, string>
  /** Undefined if unknown. */
  readonly ruleset: Ruleset | undefined
}

/** By {@link filtersKey}. */
export type AllFilters = ReadonlyMap<string, Filters>

export const filtersKey = (node: string, name: string): string => `${node} ${name}`

/**
 * Reads the filters of a node and some of its PODs.
 * @returns an empty map if the node's ovl does not have the command
 */
export async function readFilters(node: Node, pods: readonly string[], signal: AbortSignal): Promise<AllFilters> {
  const { exitCode, stdout } = await capture(node, ['netns_test', 'filters', ...pods], signal)
  return exitCode === 0 ? parseFilters(node.name, stdout.toString()) : new Map()
}

/** Parses the output of `netns_test filters`; unknown lines are skipped. */
export function parseFilters(node: string, text: string): AllFilters {
  const found = new Map<string, { sysctls: ReadonlyMap<string, string>; ruleset: Ruleset | undefined }>()
  let current: { sysctls: ReadonlyMap<string, string>; ruleset: Ruleset | undefined } | undefined
  for (const line of text.split('\n')) {
    const [, word, rest = ''] = /^(\w+) ?(.*)$/.exec(line) ?? []
    if (word === 'node' || word === 'pod') {
      current = { sysctls: new Map(), ruleset: undefined }
      found.set(filtersKey(node, word === 'node' ? node : rest), current)
    } else if (word === 'sysctl' && current) current.sysctls = new Map(rest.split(' ').flatMap(assignment))
    else if (word === 'ruleset' && current) current.ruleset = readRuleset(rest)
  }
  return found
}

/** Splits at the last `=`: interface names may contain one. */
function assignment(word: string): readonly [string, string][] {
  const at = word.lastIndexOf('=')
  return at < 0 ? [] : [[word.slice(0, at), word.slice(at + 1)]]
}

/** @returns the sysctl that disables forwarding of packets received by a device, if any */
export function notForwarding({ sysctls }: Filters, family: 4 | 6, device: string | undefined): string | undefined {
  // For IPv6 only "all" counts: a device's value only makes it a router or host to its neighbors.
  if (family === 6) return isOff(sysctls, 'ipv6/conf/all/forwarding')
  const off = isOff(sysctls, `ipv4/conf/${device ?? 'all'}/forwarding`)
  return off && (isOff(sysctls, 'ipv4/conf/all/forwarding') ? 'net.ipv4.ip_forward=0' : off)
}

const isOff = (sysctls: ReadonlyMap<string, string>, name: string): string | undefined =>
  sysctls.get(name) === '0' ? `${sysctlName(name)}=0` : undefined

/** @returns the sysctl that makes a namespace ignore pings, if any */
export function ignoringPings({ sysctls }: Filters, family: 4 | 6): string | undefined {
  const name = family === 4 ? 'ipv4/icmp_echo_ignore_all' : 'ipv6/icmp/echo_ignore_all'
  return sysctls.get(name) === '1' ? `${sysctlName(name)}=1` : undefined
}

/** Whether bridged packets traverse the rules for routed ones (br_netfilter). */
export const filtersBridged = ({ sysctls }: Filters, family: 4 | 6): boolean =>
  sysctls.get(`bridge/bridge-nf-call-ip${family === 6 ? '6' : ''}tables`) === '1'

const sysctlName = (name: string): string => `net.${name.replaceAll('/', '.')}`
