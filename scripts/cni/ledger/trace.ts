import { compareLedgers, type Difference } from './compare.ts'
import type { Ledger } from './entry.ts'

/** A state, and the operation that led to it. */
export interface LedgerStep {
  readonly operation: string
  readonly ledger: Ledger
}

/**
 * The differences between the first and the last state, each with the operation that made it: the one since which it is
 * there without a break.
 */
export function traceLedgers(before: Ledger, steps: readonly LedgerStep[]): readonly Difference[] {
  const last = steps.at(-1)
  if (!last) return []
  const found = steps.map(({ ledger }) => new Set(compareLedgers(before, ledger).map(keyOf)))
  return compareLedgers(before, last.ledger).map(difference => {
    let first = steps.length - 1
    while (first > 0 && found[first - 1]?.has(keyOf(difference))) first--
    const maker = steps[first]?.operation ?? last.operation
    const isEarlier = maker !== last.operation
    const message = `${difference.message} after ${last.operation}${isEarlier ? `, since ${maker}` : ''}`
    return { ...difference, operation: maker, message }
  })
}

const keyOf = ({ place, kind, name, change }: Difference): string => [place, kind, name, change].join('\0')
