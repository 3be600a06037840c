import type { Role } from './nodes.ts'

/**
 * Selects nodes or PODs: a name, in which `*` matches any characters; `workers`, `routers`, `testers` or `all`; a label
 * of the test; the number of a node, or of a POD on its node; terms that must all match; or any of several selectors.
 */
export type Selector = string | number | SelectorTerms | readonly Selector[]

/** Terms that must all match. */
export interface SelectorTerms {
  /** A name, in which `*` matches any characters. */
  readonly name?: string | readonly string[]
  /** The number of the node, or of the POD on its node: 3 for `vm-002-ns03`. */
  readonly number?: number | readonly number[]
  /** The node of the POD. */
  readonly node?: string | number | readonly (string | number)[]
  /** The role of the node. */
  readonly role?: Role
  /** A label of the test. */
  readonly label?: string
}

/** Names of selectors, for use in other selectors: `{ web: '*-ns01', db: { node: 3 } }`. */
export type Labels = Readonly<Record<string, Selector>>

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

/** Words that cannot be labels. */
export const RESERVED_LABELS = Object.keys(GROUPS)

/** Whether a selector matches a node or POD. */
export function matches(selector: Selector, candidate: Selectable, labels: Labels = {}): boolean {
  if (isList(selector)) return selector.some(each => matches(each, candidate, labels))
  if (typeof selector === 'number') return numberOf(candidate.name) === selector
  if (typeof selector === 'string') return matchesWord(selector, candidate, labels)
  const { name, number, node, role, label } = selector
  return (
    (name === undefined || asList(name).some(each => matchesPattern(each, candidate.name))) &&
    (number === undefined || asList(number).includes(numberOf(candidate.name) ?? Number.NaN)) &&
    (node === undefined || asList(node).some(each => matchesNode(each, candidate))) &&
    (role === undefined || role === candidate.role) &&
    (label === undefined || matchesLabel(label, candidate, labels))
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

/** The labels that a selector names but that do not exist. A word may be a name: it is none of these. */
export function unknownLabels(selector: Selector, labels: Labels): readonly string[] {
  if (isList(selector)) return selector.flatMap(each => unknownLabels(each, labels))
  if (typeof selector !== 'object') return []
  const { label } = selector
  return label === undefined || label in labels ? [] : [label]
}

const isList = (selector: Selector): selector is readonly Selector[] => Array.isArray(selector)

const asList = <T extends string | number>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T]

function matchesWord(word: string, candidate: Selectable, labels: Labels): boolean {
  const group = GROUPS[word]
  if (group) return group === 'all' || group === candidate.role
  return word in labels ? matchesLabel(word, candidate, labels) : matchesPattern(word, candidate.name)
}

/** A label may use other labels, but not itself. */
function matchesLabel(label: string, candidate: Selectable, labels: Labels): boolean {
  const { [label]: selector, ...others } = labels
  return selector !== undefined && matches(selector, candidate, others)
}

const matchesNode = (node: string | number, { name, node: own = name }: Selectable): boolean =>
  typeof node === 'number' ? numberOf(own) === node : matchesPattern(node, own)

const matchesPattern = (pattern: string, name: string): boolean =>
  pattern.includes('*') ? patternOf(pattern).test(name) : pattern === name

const patternOf = (pattern: string): RegExp => new RegExp(`^${pattern.split('*').map(escapeRegExp).join('.*')}$`, 's')

const escapeRegExp = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** The number at the end of a name: 2 for `vm-002`, 3 for `vm-002-ns03`. */
const numberOf = (name: string): number | undefined => {
  const [digits] = /\d+$/.exec(name) ?? []
  return digits === undefined ? undefined : Number(digits)
}
