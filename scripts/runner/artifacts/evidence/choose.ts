import type { Source } from '../../../proof/network.ts'
import type { WrongPair } from '../../../proof/summary.ts'

/** How many pairs are inspected: an isolated node has thousands of equivalent ones. */
export const MOST_PAIRS = 8

/** Two PODs, and the addresses of the destination with wrong results. */
interface ShownPair {
  readonly source: Source
  readonly destination: Source
  readonly addresses: readonly string[]
}

export interface Choice {
  readonly pairs: readonly ShownPair[]
  /** The number of wrong pairs that are not inspected. */
  readonly omitted: number
}

/**
 * Chooses representative wrong pairs: first one for each two nodes, then pairs with PODs that no chosen pair has.
 */
export function choosePairs(wrong: readonly WrongPair[]): Choice {
  const all = byPods(wrong)
  const left = new Set(all)
  const pairs: ShownPair[] = []
  const seen = new Set<string>()
  while (pairs.length < MOST_PAIRS) {
    let [best, bestNews]: [ShownPair | undefined, number] = [undefined, 0]
    for (const pair of left) {
      const news = marksOf(pair).reduce((sum, [mark, worth]) => sum + (seen.has(mark) ? 0 : worth), 0)
      if (news > bestNews) [best, bestNews] = [pair, news]
    }
    if (!best) break
    for (const [mark] of marksOf(best)) seen.add(mark)
    left.delete(best)
    pairs.push(best)
  }
  return { pairs, omitted: left.size }
}

/** What a pair covers, with weights. */
const marksOf = ({ source, destination }: ShownPair) =>
  [
    [`nodes ${source.node} ${destination.node}`, 2],
    [`from ${source.pod}`, 1],
    [`to ${destination.pod}`, 1],
  ] as const

function byPods(wrong: readonly WrongPair[]): readonly ShownPair[] {
  const pairs = new Map<string, { source: Source; destination: Source; addresses: string[] }>()
  for (const { source, destination } of wrong) {
    const key = `${source.pod} ${destination.pod}`
    const pair = pairs.get(key)
    if (pair) pair.addresses.push(destination.address)
    else pairs.set(key, { source, destination, addresses: [destination.address] })
  }
  return [...pairs.values()]
}
