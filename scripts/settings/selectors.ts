import type { Role } from './nodes.ts'

/**
 * Selects nodes or PODs: a name, in which `*` matches any characters; `workers`, `routers`, `testers` or `all`; the
 * number of a node, or of a POD on its node; terms that must all match; or any of several selectors.
 */
export type Selector = string | number | SelectorTerms | readonly Selector[]

/** Terms that must all match. */
export interface SelectorTerms {
  /** The name of the POD; `*` matches any characters. */
  readonly pod?: string
  /** The number of the node, or of the POD on its node: 3 for `vm-002-ns03`. */
  readonly number?: number | readonly number[]
  /** The name of the node, or of the POD's node; `*` matches any characters. */
  readonly node?: string
  /** The role of the node, or of the POD's node. */
  readonly role?: Role
  /** A label of the test. */
  readonly label?: string
}

/** Names of nodes and PODs by label; `*` matches any characters. */
export type Labels = Readonly<Record<string, readonly string[]>>

/** A node or POD to select. */
export interface Selectable {
  readonly name: string
  /** The node of a POD; undefined for a node. */
  readonly node?: string
  /** The role of the node, or of the POD's node. */
  readonly role: Role
}

const GROUPS: Readonly<Record<string, Role | 'all'>> = {
  all: 'all',
  workers: 'worker',
  routers: 'router',
  testers: 'tester',
}

/** Whether a selector matches a node or POD. */
export function matches(selector: Selector, candidate: Selectable, labels: Labels = {}): boolean {
  if (isList(selector)) return selector.some(each => matches(each, candidate, labels))
  if (typeof selector === 'number') return numberOf(candidate.name) === selector
  if (typeof selector === 'string') return matchesWord(selector, candidate)
  const { pod, number, node, role, label } = selector
  return (
    (pod === undefined || (candidate.node !== undefined && matchesPattern(pod, candidate.name))) &&
    (number === undefined || [number].flat().includes(numberOf(candidate.name) ?? Number.NaN)) &&
    (node === undefined || matchesPattern(node, candidate.node ?? candidate.name)) &&
    (role === undefined || role === candidate.role) &&
    (label === undefined || (labels[label] ?? []).some(name => matchesPattern(name, candidate.name)))
  )
}

/** The candidates that a selector matches, in their order. */
export const select = <T extends Selectable>(
  selector: Selector,
  candidates: readonly T[],
  labels: Labels = {},
): readonly T[] => candidates.filter(candidate => matches(selector, candidate, labels))

/** A selector as in a message: `vm-*`, `{ node: 2, label: web }`. */
export function describeSelector(selector: Selector): string {
  if (isList(selector)) return selector.map(describeSelector).join(', ')
  if (typeof selector !== 'object') return String(selector)
  const terms = Object.entries(selector).map(([key, value]) => `${key}: ${[value].flat().join('|')}`)
  return `{ ${terms.join(', ')} }`
}

/** The labels in a selector that the test does not define. */
export function unknownLabels(selector: Selector, labels: Labels): readonly string[] {
  if (isList(selector)) return selector.flatMap(each => unknownLabels(each, labels))
  if (typeof selector !== 'object') return []
  const { label } = selector
  return label === undefined || label in labels ? [] : [label]
}

const isList = (selector: Selector): selector is readonly Selector[] => Array.isArray(selector)

function matchesWord(word: string, candidate: Selectable): boolean {
  const group = GROUPS[word]
  if (group) return group === 'all' || group === candidate.role
  return matchesPattern(word, candidate.name)
}

const matchesPattern = (pattern: string, name: string): boolean =>
  pattern.includes('*') ? patternOf(pattern).test(name) : pattern === name

const patternOf = (pattern: string): RegExp => new RegExp(`^${pattern.split('*').map(escapeRegExp).join('.*')}$`, 's')

const escapeRegExp = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** The number at the end of a name: 2 for `vm-002`, 3 for `vm-002-ns03`. */
const numberOf = (name: string): number | undefined => {
  const [digits] = /\d+$/.exec(name) ?? []
  return digits === undefined ? undefined : Number(digits)
}
