import { type Entry, factsOf } from '../entry.ts'
import type { Neighbor, Nexthop, Route, Rule } from '../schema.ts'

/** The kernel adds these when the carrier comes up. */
const FOLLOWS_CARRIER = /^(?:fe80|ff00)::/

/** The kernel adds these when duplicate address detection ends; the address itself is in the ledger. */
const isOfDad = ({ type, dst }: Route): boolean => (type === 'local' || type === 'anycast') && dst.includes(':')

/** Properties that depend on carrier and time. */
const VOLATILE = new Set([
  'flags',
  'expires',
  'used',
  'users',
  'age',
  'error',
  'refcnt',
  'confirmed',
  'updated',
  'probes',
])
const isShown = (name: string) => !VOLATILE.has(name)

/** Routes, without those that the kernel adds by itself. */
export const routeEntries = (routes: readonly Route[]): readonly Entry[] =>
  routes.flatMap(route => {
    const { type, dst, dev, table, protocol, prefsrc, gateway, metric, ...others } = route
    if (protocol === 'kernel' && (FOLLOWS_CARRIER.test(dst) || isOfDad(route))) return []
    const name = [
      type !== 'unicast' && type,
      dst,
      gateway && `via ${gateway}`,
      dev && `dev ${dev}`,
      metric && `metric ${metric}`,
      table && table !== 'main' && `table ${table}`,
    ]
    const isKernels = protocol === 'kernel'
    return [
      {
        kind: 'route' as const,
        name: name.filter(Boolean).join(' '),
        facts: factsOf({ protocol, prefsrc, ...others }, isShown),
        device: dev ?? undefined,
        address: isKernels ? (prefsrc ?? '') : undefined,
      },
    ]
  })

/** Policy routing rules of a family. */
export const ruleEntries = (rules: readonly Rule[], family: string): readonly Entry[] =>
  rules.map(({ priority, ...others }) => ({
    kind: 'rule' as const,
    name: `${family} ${priority}: ${Object.entries(factsOf(others))
      .map(([name, value]) => (value === 'null' ? name : `${name} ${value}`))
      .join(' ')}`,
    facts: {},
  }))

/** Nexthop objects. */
export const nexthopEntries = (nexthops: readonly Nexthop[]): readonly Entry[] =>
  nexthops.map(({ id, dev, ...others }) => ({
    kind: 'nexthop' as const,
    name: `id ${id}${dev ? ` dev ${dev}` : ''}`,
    facts: factsOf(others, isShown),
    device: dev ?? undefined,
  }))

/** Only configured entries: learned ones come and go with traffic. */
export const neighborEntries = (neighbors: readonly Neighbor[], proxies: readonly Neighbor[]): readonly Entry[] => [
  ...neighbors
    .filter(({ state, ...others }) => state?.includes('PERMANENT') || 'extern_learn' in others || 'managed' in others)
    .map(({ dst, dev, ...others }) => ({
      kind: 'neighbor' as const,
      name: `${dst} on ${dev}`,
      facts: factsOf(others, isShown),
      device: dev ?? undefined,
    })),
  ...proxies.map(({ dst, dev }) => ({
    kind: 'neighbor' as const,
    name: `proxy ${dst}${dev ? ` on ${dev}` : ''}`,
    facts: {},
    device: dev ?? undefined,
  })),
]
