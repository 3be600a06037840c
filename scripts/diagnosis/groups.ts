import type { Matrix } from '../proof/matrix.ts'
import type { WrongPair } from '../proof/summary.ts'
import type { Cause, PairGroup } from './cause.ts'

/** Groups to show; the pairs of others are counted. */
const MAX_GROUPS = 5
/** Share of a trait's measured pairs that must be wrong, unless all wrong pairs have the trait. */
const GROUP_SHARE = 0.9
/** Fewer pairs are not grouped. */
const MIN_GROUPED = 4

type Pair = Pick<WrongPair, 'source' | 'destination'>

/** Something that pairs have in common. */
interface Trait {
  readonly key: string
  readonly subject: string
  /** Of traits with the same pairs, the one with the lowest rank is reported. */
  readonly rank: number
  readonly where: string
}

/**
 * Groups wrong pairs by common traits: a POD, a node, two nodes, a family.
 * @param causes named with the group of their node or POD
 */
export function groupPairs(
  matrix: Matrix,
  wrong: readonly WrongPair[],
  causes: readonly Cause[],
): readonly PairGroup[] {
  if (wrong.length < MIN_GROUPED) return []
  const isWhole = wholeTraits(matrix, wrong)
  const groups: PairGroup[] = []
  let left = wrong
  while (left.length >= MIN_GROUPED && groups.length < MAX_GROUPS) {
    const found = best(left, isWhole)
    if (!found) break
    const { trait, pairs } = found
    groups.push(describe(trait, pairs.length, wrong.length, causes))
    const members = new Set(pairs)
    left = left.filter(pair => !members.has(pair))
  }
  if (groups.length > 0 && left.length > 0)
    groups.push({ subject: '', pairs: left.length, text: `${left.length} more unexpected results` })
  return groups
}

/** The trait with the most pairs, of those that are wrong almost entirely; otherwise the most specific of all pairs. */
function best(wrong: readonly WrongPair[], isWhole: (trait: Trait) => boolean) {
  const byTrait = new Map<string, { trait: Trait; pairs: WrongPair[] }>()
  for (const pair of wrong) {
    for (const trait of traitsOf(pair, pair.what)) {
      const group = byTrait.get(trait.key)
      if (group) group.pairs.push(pair)
      else byTrait.set(trait.key, { trait, pairs: [pair] })
    }
  }
  const candidates = [...byTrait.values()].filter(({ pairs }) => pairs.length >= MIN_GROUPED)
  const whole = candidates
    .filter(({ trait }) => isWhole(trait))
    .sort((a, b) => b.pairs.length - a.pairs.length || a.trait.rank - b.trait.rank)
  const common = candidates
    .filter(({ pairs }) => pairs.length === wrong.length)
    .sort((a, b) => a.trait.rank - b.trait.rank)
  return whole[0] ?? common[0]
}

/** @returns a function that says whether nearly all measured pairs with a trait are wrong */
function wholeTraits({ sources, destinations, rows }: Matrix, wrong: readonly WrongPair[]) {
  const [measured, bad] = [new Map<string, number>(), new Map<string, number>()]
  const add = (counts: Map<string, number>, pair: Pair, what: WrongPair['what']) => {
    for (const { key } of traitsOf(pair, what)) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const kinds = [...new Set(wrong.map(({ what }) => what))]
  for (const [row, source] of sources.entries()) {
    for (const [column, destination] of destinations.entries())
      if (rows[row]?.[column]) for (const what of kinds) add(measured, { source, destination }, what)
  }
  for (const pair of wrong) add(bad, pair, pair.what)
  return ({ key }: Trait) => (bad.get(key) ?? 0) >= GROUP_SHARE * (measured.get(key) ?? 0)
}

function traitsOf({ source, destination }: Pair, what: WrongPair['what']): readonly Trait[] {
  const trait = (rank: number, subject: string, where: string): Trait => ({
    key: `${what} ${rank} ${subject}`,
    subject,
    rank,
    where,
  })
  const ends = (rank: number, one: string, other: string) =>
    [...new Set([one, other])].map(name => trait(rank, name, 'begin or end here'))
  const isWithin = source.node === destination.node
  const nodes = [source.node, destination.node].sort()
  return [
    ...ends(1, source.pod, destination.pod),
    isWithin
      ? trait(2, source.node, 'are between its own PODs')
      : trait(2, nodes.join(' and '), 'are between their PODs'),
    ...(isWithin ? [] : ends(3, source.node, destination.node)),
    ...ends(3.5, source.node, destination.node),
    ...(isWithin ? [] : [trait(4, 'between nodes', 'are between PODs of different nodes')]),
    trait(5, `IPv${destination.family}`, 'are of this IP version'),
    trait(6, 'everywhere', WHATS[what]),
  ]
}

const WHATS: Readonly<Record<WrongPair['what'], string>> = {
  missing: 'are pairs that do not answer',
  open: 'are pairs that answer, but must not',
  shared: 'are addresses of several PODs',
  cut: 'are pairs that lose full-sized packets',
}

function describe({ subject, where }: Trait, pairs: number, all: number, causes: readonly Cause[]): PairGroup {
  const count = pairs === all ? `all ${all}` : `${pairs} of ${all}`
  const own = causes.filter(cause => cause.subject === subject || cause.node === subject).slice(0, 2)
  // `its eth1 is down`, but `it ignores pings`.
  const its = (what: string) => (what.endsWith(' is down') ? `its ${what}` : what)
  const reasons = own.map(cause => (cause.subject === subject ? its(cause.what) : `${cause.subject}: ${cause.what}`))
  return { subject, pairs, text: `${subject}: ${count} unexpected results ${[where, ...reasons].join('; ')}` }
}
