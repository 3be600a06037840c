import { plainText } from '../../host/text.ts'
import type { Entry, EntryKind, Facts, Ledger } from './entry.ts'

/** A difference of two ledgers. */
export interface Difference {
  /** The node or POD. */
  readonly place: string
  readonly kind: EntryKind
  readonly name: string
  readonly change: 'left' | 'missing' | 'changed'
  /** The properties: of what is left or missing, or `mtu 1500 became 1400`. */
  readonly details: string
  /** `vm-001: link veth1 (veth, master cni0) is left after DEL of vm-001-ns01` */
  readonly message: string
}

interface Change extends Pick<Difference, 'place' | 'change' | 'details'> {
  readonly entry: Entry
}

/** Entries of all places that explain others: a link in a POD changes entries of the interface below it on the node. */
const CAUSES: readonly EntryKind[] = ['namespace', 'link']

/**
 * What differs between two states, one difference per object; namespaces and links come first. What goes along with an
 * object is not listed again: the addresses and settings of an interface, the kernel's routes for an address.
 * @param operation what happened in between, for the messages: `DEL of vm-001-ns01`
 */
export function compareLedgers(before: Ledger, after: Ledger, operation?: string): readonly Difference[] {
  const places = new Set([...before.places.keys(), ...after.places.keys()])
  const differences = [...places].flatMap(place => {
    const changes = changesIn(place, before.places.get(place) ?? [], after.places.get(place) ?? [])
    return withoutConsequences(changes).map(change => differenceOf(change, operation))
  })
  const isCause = ({ kind }: Difference) => CAUSES.includes(kind)
  return [...differences.filter(isCause), ...differences.filter(difference => !isCause(difference))]
}

const keyOf = ({ kind, name }: Pick<Entry, 'kind' | 'name'>): string => `${kind} ${name}`

function changesIn(place: string, before: readonly Entry[], after: readonly Entry[]): readonly Change[] {
  const old = new Map(before.map(entry => [keyOf(entry), entry]))
  const changes: Change[] = []
  for (const entry of after) {
    const previous = old.get(keyOf(entry))
    old.delete(keyOf(entry))
    if (!previous) changes.push({ place, change: 'left', details: describe(entry.facts), entry })
    else {
      const details = changedFacts(previous.facts, entry.facts)
      if (details) changes.push({ place, change: 'changed', details, entry })
    }
  }
  for (const entry of old.values()) changes.push({ place, change: 'missing', details: describe(entry.facts), entry })
  return changes
}

/** The properties that messages mention. */
const SHOWN = /^(?:kind|master|link|mtu|protocol|prefsrc|lladdr|dst|value|content|type|source|policy|hook|scope)$/

const describe = (facts: Facts): string =>
  Object.entries(facts)
    .filter(([name, value]) => SHOWN.test(name) && value !== '')
    .map(([name, value]) => (name === 'kind' ? value : `${name} ${short(value)}`))
    .join(', ')

/** Maximum number of changed properties in a message. */
const MOST_CHANGES = 4

function changedFacts(before: Facts, after: Facts): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    name => before[name] !== after[name],
  )
  // A changed property that is shown says more than one that changes along with it.
  const ranked = [...names.filter(name => SHOWN.test(name)), ...names.filter(name => !SHOWN.test(name))]
  const shown = ranked.slice(0, MOST_CHANGES).map(name => {
    const label = name.replace(/^info_(?:slave_)?data\./, '')
    return `${label} ${short(before[name])} became ${short(after[name])}`
  })
  const more = names.length - shown.length
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

const short = (value: string | undefined): string => {
  if (value === undefined) return 'none'
  return value.length > 60 ? `${value.slice(0, 60)}…` : value || "''"
}

/** Drops changes that only follow from another one in the same place. */
function withoutConsequences(changes: readonly Change[]): readonly Change[] {
  const names = (of: (change: Change) => boolean) => new Set(changes.filter(of).map(({ entry }) => entry.name))
  const isWhole = ({ change }: Change) => change !== 'changed'
  const links = names(change => change.entry.kind === 'link' && isWhole(change))
  const changedLinks = names(({ entry }) => entry.kind === 'link')
  const addresses = changes.filter(change => change.entry.kind === 'address' && isWhole(change))
  const isOfAddress = ({ device, address }: Entry) =>
    addresses.some(({ entry }) => entry.device === device && (address === '' || entry.name.startsWith(`${address}/`)))
  const chains = new Set(
    changes.filter(({ entry }) => /^rule '/.test(entry.name)).map(({ entry }) => entry.container ?? ''),
  )
  const containers = names(change => isWhole(change) && /^(?:table|chain) /.test(change.entry.name))
  return changes.filter(({ entry }) => {
    const { kind, name, device, address, container = '' } = entry
    if (kind !== 'link' && device !== undefined && links.has(device)) return false
    if (kind === 'route' && address !== undefined && isOfAddress(entry)) return false
    if (name.startsWith('order of ') && chains.has(container)) return false
    if (kind === 'sysctl' && name.endsWith('.mtu') && changedLinks.has(device ?? '')) return false
    const table = `table ${container.split(' ').slice(0, 2).join(' ')}`
    return ![`chain ${container}`, table].some(outer => outer !== name && containers.has(outer))
  })
}

function differenceOf({ place, change, details, entry }: Change, operation: string | undefined): Difference {
  const { kind, name } = entry
  const subject = `${kind} ${name}`
  const properties = details ? ` (${details})` : ''
  const after = operation ? ` after ${operation}` : ''
  const sentence =
    change === 'changed'
      ? `${subject} changed: ${details}${after}`
      : `${subject}${properties} is ${change === 'left' ? 'left' : 'missing'}${after}`
  return { place, kind, name, change, details, message: plainText(`${place}: ${sentence}`) }
}
