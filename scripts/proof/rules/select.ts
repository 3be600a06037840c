import { isIP } from 'node:net'
import { describeSelector, type Selector, unknownLabels } from '../../settings/selectors.ts'
import type { RuleSet } from './rule.ts'

/** The addresses in a selector: no POD is named by an address. */
export function addressesIn(selector: Selector | undefined): readonly string[] {
  if (selector === undefined || typeof selector === 'number') return []
  if (typeof selector === 'string') return isIP(selector) > 0 ? [selector] : []
  return Array.isArray(selector) ? selector.flatMap(addressesIn) : []
}

/** The first label in a set of rules that is not defined, with the position of its rule. */
export function undefinedLabel({ rules, labels = {} }: RuleSet): { rule: number; label: string } | undefined {
  for (const [index, { from, to, spread }] of rules.entries())
    for (const selector of [from, to, spread?.over]) {
      const [label] = selector === undefined ? [] : unknownLabels(selector, labels)
      if (label !== undefined) return { rule: index + 1, label }
    }
  return undefined
}

export const describeEnd = (selector: Selector | undefined): string =>
  selector === undefined ? 'all' : describeSelector(selector)
