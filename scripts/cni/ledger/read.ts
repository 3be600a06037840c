import * as v from 'valibot'
import { iptablesEntries, nftEntries, tablesIn } from './entries/firewall.ts'
import { addressEntries, forwardingEntries, linkEntries, vlanEntries } from './entries/links.ts'
import {
  fileEntries,
  filterEntries,
  mountEntries,
  namespaceEntries,
  qdiscEntries,
  sysctlEntries,
} from './entries/others.ts'
import { neighborEntries, nexthopEntries, routeEntries, ruleEntries } from './entries/routes.ts'
import type { Entry } from './entry.ts'
import { FDB_SCHEMA, IP_SCHEMAS, jsonLines, NFT_SCHEMA, RULES_SCHEMA, VLANS_SCHEMA } from './schema.ts'

/** The sections of a place, by name: outputs of commands in node.sh and space.sh. */
export type Sections = ReadonlyMap<string, string>

/**
 * Splits the output of node.sh.
 * @returns sections by place; the node's place is `.`
 */
export function splitSections(output: string, token: string): ReadonlyMap<string, Sections> {
  const places = new Map<string, Map<string, string>>()
  for (const part of output.split(`\n${token} `).slice(1)) {
    const end = part.indexOf('\n')
    const [place = '', ...name] = part.slice(0, end).split(' ')
    const sections = places.get(place) ?? new Map<string, string>()
    places.set(place, sections)
    sections.set(name.join(' '), part.slice(end + 1))
  }
  return places
}

/**
 * The entries of a node or POD.
 * @throws Error when an output is malformed
 */
export function entriesOf(sections: Sections): readonly Entry[] {
  const text = (name: string) => sections.get(name) ?? ''
  if (sections.has('gone')) return []
  const answers = jsonLines(text('ip'))
  if (answers.length !== IP_SCHEMAS.length)
    throw new Error(`ip answered ${answers.length} of ${IP_SCHEMAS.length} commands`)
  const [links, addresses, routes, neighbors, proxies, nexthops, rules] = v.parse(v.tuple(IP_SCHEMAS), answers)
  const iptables = [...sections].filter(([name]) => /^ip6?tables(?:-legacy)?$/.test(name))
  const covered = new Set(
    iptables
      .filter(([tool]) => !tool.endsWith('-legacy'))
      .flatMap(([tool, rules]) => tablesIn(tool.replace('tables', ''), rules)),
  )
  const nft = jsonLines(text('nft'))[0]
  return withUniqueNames([
    ...(sections.has('mounts') ? mountEntries(text('mounts')) : []),
    ...(sections.has('named') ? namespaceEntries(text('named'), text('own'), text('processes')) : []),
    ...fileEntries(text('files'), text('others')),
    ...linkEntries(links),
    ...addressEntries(addresses),
    ...routeEntries(routes),
    ...ruleEntries(rules, 'IPv4'),
    ...ruleEntries(v.parse(RULES_SCHEMA, jsonLines(text('ip6'))[0] ?? []), 'IPv6'),
    ...nexthopEntries(nexthops),
    ...neighborEntries(neighbors, proxies),
    ...forwardingEntries(v.parse(FDB_SCHEMA, jsonLines(text('fdb'))[0] ?? []), links),
    ...vlanEntries(v.parse(VLANS_SCHEMA, jsonLines(text('vlans'))[0] ?? [])),
    ...(nft === undefined ? [] : nftEntries(v.parse(NFT_SCHEMA, nft).nftables, covered)),
    ...iptables.flatMap(([tool, rules]) => iptablesEntries(tool, rules)),
    ...qdiscEntries(text('qdiscs')),
    ...[...sections].flatMap(([name, filters]) =>
      name.startsWith('tc ') ? filterEntries(name.slice('tc '.length), filters) : [],
    ),
    ...sysctlEntries(text('sysctls')),
  ])
}

/** Tells apart objects that look the same, such as a rule that was added twice. */
function withUniqueNames(entries: readonly Entry[]): readonly Entry[] {
  const counts = new Map<string, number>()
  return entries.map(entry => {
    const key = `${entry.kind} ${entry.name}`
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count === 1 ? entry : { ...entry, name: `${entry.name} (${count})` }
  })
}

/** What could not be read in a place: missing tools, and failed ones. */
export const omissionsOf = (place: string, sections: Sections): readonly string[] =>
  [...sections.keys()].flatMap(name => {
    const [word, ...tool] = name.split(' ')
    if (word === 'gone') return [`${place}: no such network namespace`]
    if (word === 'absent') return [`${place}: ${tool.join(' ')} is missing`]
    return word === 'failed' ? [`${place}: ${tool.join(' ')} failed`] : []
  })
