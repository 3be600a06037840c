import { isIP } from 'node:net'
import type { Source } from '../network.ts'
import type { PodSelector, RuleSet, Selector } from './rule.ts'

type Groups = Pick<RuleSet, 'labels' | 'sides'>

/** Whether a selector selects a POD. */
export function selects(selector: Selector, pod: Source, groups: Groups): boolean {
  if (typeof selector === 'string') return matches(selector, pod.pod)
  if (isList(selector)) return selector.some(one => selects(one, pod, groups))
  const { number, node, label, side } = selector
  const numbers = number === undefined ? undefined : [number].flat()
  return (
    (selector.pod === undefined || matches(selector.pod, pod.pod)) &&
    (numbers === undefined || numbers.includes(numberOf(pod.pod))) &&
    (node === undefined || matches(node, pod.node)) &&
    (label === undefined || isIn(groups.labels?.[label], pod.pod)) &&
    (side === undefined || isIn(groups.sides?.[side - 1], pod.pod))
  )
}

const isList = (selector: PodSelector | readonly Selector[]): selector is readonly Selector[] => Array.isArray(selector)

const isIn = (names: readonly string[] = [], pod: string) => names.some(name => matches(name, pod))

/** The number at the end of a POD's name. */
const numberOf = (pod: string): number => Number(/\d+$/.exec(pod)?.[0] ?? Number.NaN)

/** Cached: with 400 PODs, a pattern is used for thousands of names. */
const patterns = new Map<string, RegExp>()

function matches(pattern: string, name: string): boolean {
  if (!pattern.includes('*')) return pattern === name
  const known = patterns.get(pattern) ?? new RegExp(`^${pattern.split('*').map(quoted).join('.*')}$`)
  patterns.set(pattern, known)
  return known.test(name)
}

const quoted = (text: string) => text.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&')

/** The addresses in a selector: a POD has no name that is an address. */
export function addressesIn(selector: Selector | undefined): readonly string[] {
  if (selector === undefined) return []
  if (typeof selector === 'string') return isIP(selector) > 0 ? [selector] : []
  return isList(selector) ? selector.flatMap(addressesIn) : []
}

/** Labels and sides that a selector uses, but that the set of rules does not define: `label 'db'`. */
export function undefinedGroups(selector: Selector | undefined, groups: Groups): readonly string[] {
  if (selector === undefined || typeof selector === 'string') return []
  if (isList(selector)) return selector.flatMap(one => undefinedGroups(one, groups))
  const { label, side } = selector
  return [
    ...(label !== undefined && !groups.labels?.[label] ? [`label '${label}'`] : []),
    ...(side !== undefined && !groups.sides?.[side - 1] ? [`side ${side}`] : []),
  ]
}

/** `side 1, vm-001-*`: a selector in words. */
export function describeSelector(selector: Selector | undefined): string {
  if (selector === undefined) return 'all'
  if (typeof selector === 'string') return selector
  if (isList(selector)) return selector.map(describeSelector).join(', ')
  const { pod, number, node, label, side } = selector
  return [
    ...(pod === undefined ? [] : [pod]),
    ...(number === undefined ? [] : [`number ${[number].flat().join('/')}`]),
    ...(node === undefined ? [] : [`on ${node}`]),
    ...(label === undefined ? [] : [`label ${label}`]),
    ...(side === undefined ? [] : [`side ${side}`]),
  ].join(' ')
}
