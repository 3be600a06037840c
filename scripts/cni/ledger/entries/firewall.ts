import { textOf } from '../../../diagnosis/rule-text.ts'
import type { Statement } from '../../../diagnosis/ruleset.ts'
import { type Entry, factsOf } from '../entry.ts'

type Item = Readonly<Record<string, unknown>>

/** Handles, counters and timers. */
const VOLATILE = new Set(['handle', 'packets', 'bytes', 'used', 'expires', 'index'])

/** JSON without volatile properties. */
const stable = (value: unknown): string =>
  JSON.stringify(value, (name, inner) => (VOLATILE.has(name) ? undefined : inner))

/**
 * @param items of `nft -j list ruleset`
 * @param covered `ip nat` and the like: tables that iptables-save shows in full
 */
export function nftEntries(
  items: readonly Readonly<Record<string, Item>>[],
  covered: ReadonlySet<string>,
): readonly Entry[] {
  const orders = new Map<string, string[]>()
  const entries = items.flatMap((item): Entry[] => {
    const [type = '', object] = Object.entries(item)[0] ?? []
    if (!object || type === 'metainfo') return []
    const { family, name } = object
    const table = `${family} ${type === 'table' ? name : object.table}`
    if (covered.has(table)) return []
    if (type === 'rule') {
      const chain = `${table} ${object.chain}`
      const statements = Array.isArray(object.expr) ? object.expr : []
      const identity = `${stable(statements)}${object.comment ?? ''}`
      orders.set(chain, [...(orders.get(chain) ?? []), identity])
      const label = textOf(statements as Statement[])
      return [
        { kind: 'nftables', name: `rule '${label}' of chain ${chain}`, facts: { rule: identity }, container: chain },
      ]
    }
    const key = `${type} ${type === 'table' ? table : `${table} ${name}`}`
    if (type === 'element' || type === 'set' || type === 'map') return setEntries(object, key, `${table}`)
    const facts = factsOf(
      { ...object, family: undefined, name: undefined, table: undefined },
      each => !VOLATILE.has(each),
    )
    return [{ kind: 'nftables', name: key, facts, container: table }]
  })
  const order = [...orders].map(([chain, rules]) => ({
    kind: 'nftables' as const,
    name: `order of rules of chain ${chain}`,
    facts: { order: rules.join('\n') },
    container: chain,
  }))
  return [...entries, ...order]
}

function setEntries(object: Item, key: string, table: string): Entry[] {
  const { elem, family: _, name: __, table: ___, ...others } = object
  const elements = Array.isArray(elem) ? elem : []
  // Elements with a timeout expire without DEL.
  const lasting = elements.filter(
    each => !stable(each).includes('"timeout"') && !JSON.stringify(each).includes('"expires"'),
  )
  return [
    { kind: 'nftables', name: key, facts: factsOf(others, each => !VOLATILE.has(each)), container: table },
    ...lasting.map(each => ({
      kind: 'nftables' as const,
      name: `element ${stable(each)} of ${key}`,
      facts: {},
      container: table,
    })),
  ]
}

/** @param tool for names: `iptables`, `ip6tables-legacy` */
export function iptablesEntries(tool: string, text: string): readonly Entry[] {
  let table = ''
  const orders = new Map<string, string[]>()
  const entries = text.split('\n').flatMap((line): Entry[] => {
    if (line.startsWith('*')) table = line.slice(1)
    const [, chain, policy] = /^:(\S+) (\S+)/.exec(line) ?? []
    if (chain) {
      const container = `${tool} ${table}`
      return [
        { kind: 'iptables', name: `chain ${chain} of ${tool} ${table}`, facts: { policy: policy ?? '-' }, container },
      ]
    }
    const [, ruleChain = ''] = /^(?:\[\d+:\d+\] )?-A (\S+)/.exec(line) ?? []
    if (!ruleChain) return []
    const container = `${tool} ${table} ${ruleChain}`
    orders.set(container, [...(orders.get(container) ?? []), line])
    return [{ kind: 'iptables', name: `rule '${line}' of ${tool} ${table}`, facts: {}, container }]
  })
  const order = [...orders].map(([chain, rules]) => ({
    kind: 'iptables' as const,
    name: `order of rules of ${chain}`,
    facts: { order: rules.join('\n') },
    container: chain,
  }))
  return [...entries, ...order]
}

/** The tables in an output of iptables-save. */
export const tablesIn = (family: string, text: string): readonly string[] =>
  [...text.matchAll(/^\*(\S+)$/gm)].map(([, table]) => `${family} ${table}`)
