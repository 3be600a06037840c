import type { Family } from '../../settings/family.ts'
import { type PodAddress, podKey, type Source } from '../network.ts'
import { isExpected, type Reach } from '../reach.ts'
import {
  DEFAULT_RULE,
  describeExpected,
  expectedOf,
  isService,
  NOT_PROBED,
  type ProbePlan,
  planFor,
  type RoleOf,
} from './plan.ts'
import { payloadOf, probeName, protocolsOf } from './probe.ts'
import type { Rule, RuleSet } from './rule.ts'
import { describeEnd } from './select.ts'

const MARKS = { reply: 'r', refused: 'x', silent: '-', blocked: 'b' } as const
const LEGEND = 'r reply, x refused, - silent, b blocked, . not probed'

/** The PODs that a test will create, and their families. */
export interface PlannedPods {
  readonly sources: readonly Source[]
  readonly families: readonly Family[]
  readonly roleOf?: RoleOf
}

/**
 * Shows what a test expects, before anything is measured: its rules with the number of pairs that each decides about,
 * and a table for each probe.
 * @throws Failure UNUSED_RULE (exit 1) for a rule that decides about no pair
 */
export function explainRules(set: RuleSet, { sources, families, roleOf }: PlannedPods): readonly string[] {
  if (sources.length === 0) return [...rulesTable(set), '', 'The PODs are not known before the test runs.']
  const plans = planFor(set, sources, addressesFor(sources, families), roleOf)
  const counts = new Map<number, number>()
  for (const { rules } of plans)
    for (const row of rules) for (const rule of row) counts.set(rule, (counts.get(rule) ?? 0) + 1)
  return [...rulesTable(set, counts), ...plans.flatMap(plan => ['', ...drawPlan(plan, set, families)])]
}

/** As {@link explainRules}, for the short forms of reach, which are proved by pings. */
export function explainReach(reach: Reach, { sources, families }: PlannedPods): readonly string[] {
  const targets = addressesFor(sources, families)
  const rules = sources.map(source =>
    Int16Array.from(targets, target =>
      source.pod === target.pod && source.node === target.node
        ? NOT_PROBED
        : isExpected(reach, source, target)
          ? 0
          : DEFAULT_RULE,
    ),
  )
  const set: RuleSet = { rules: [{ expect: 'reply' }], default: 'blocked' }
  const who = { all: 'all PODs reach each other', node: 'PODs of the same node reach each other; others are blocked' }
  const about = typeof reach === 'string' ? who[reach] : 'PODs of the same side reach each other; others are blocked'
  if (sources.length === 0) return [about]
  const plan: ProbePlan = { probe: { protocol: 'icmp', payload: 'plain', bytes: 0 }, sources, targets, rules }
  return [about, '', ...drawPlan(plan, set, families)]
}

/** An address of each family for each POD, which need not exist yet. */
export const addressesFor = (sources: readonly Source[], families: readonly Family[]): readonly PodAddress[] =>
  sources.flatMap(source =>
    families.map(family => ({
      ...source,
      address: `${podKey(source)} IPv${family}`,
      family,
      interface: '',
    })),
  )

function rulesTable(set: RuleSet, counts?: ReadonlyMap<number, number>): readonly string[] {
  const head = ['rule', 'from', 'to', 'family', 'probe', 'expected', ...(counts ? ['pairs'] : [])]
  const count = (rule: number) => (counts ? [String(counts.get(rule) ?? 0)] : [])
  const rows = set.rules.map((rule, index) => [
    String(index + 1),
    describeEnd(rule.from),
    describeEnd(rule.to),
    rule.family === undefined ? 'both' : `IPv${rule.family}`,
    protocolsOf(rule)
      .map(protocol => probeName({ protocol, ...payloadOf(rule) }))
      .join(', ') || 'all',
    describeMore(rule),
    ...count(index),
  ])
  const rest = ['default', '', '', '', '', describeExpected(expectedOf(set, DEFAULT_RULE)), ...count(DEFAULT_RULE)]
  return columns([head, ...rows, rest])
}

function describeMore(rule: Rule): string {
  const mtu = rule.mtu === undefined || rule.mtu === 'measure' ? [] : [`MTU ${rule.mtu}`]
  const { over, atLeast = 1, atMost } = rule.spread ?? { over: '' }
  const limits = atMost === undefined ? `at least ${atLeast}` : `${atLeast} to ${atMost}`
  const spread = rule.spread ? [`spread over ${describeEnd(over)}, ${limits} each`] : []
  return [describeExpected(rule), ...mtu, ...spread].join(', ')
}

/** Aligns columns; the last one is not padded. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows.map(row =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function drawPlan(plan: ProbePlan, set: RuleSet, families: readonly Family[]): readonly string[] {
  const name = probeName(plan.probe)
  const grids = families.map(family => gridOf(plan, set, family))
  const isSame = grids.every(grid => grid.join() === grids[0]?.join())
  const titles = families.map(family => `IPv${family}`)
  const shown = isSame
    ? [[titles.join(' and '), grids[0] ?? []] as const]
    : titles.map((title, index) => [title, grids[index] ?? []] as const)
  return shown.flatMap(([title, grid]) => [`${name} over ${title}, a row for each source (${LEGEND}):`, ...grid])
}

function gridOf({ sources, targets, rules }: ProbePlan, set: RuleSet, family: Family): readonly string[] {
  const isShown = (target: PodAddress, column: number) =>
    target.family === family && (!isService(target) || rules.some(row => row[column] !== NOT_PROBED))
  const shown = [...targets.entries()].flatMap(([column, target]) => (isShown(target, column) ? [column] : []))
  const width = Math.max(...sources.map(({ pod }) => pod.length))
  const rows = sources.map(({ pod }, row) => {
    const cells = shown.map(column => {
      const rule = rules[row]?.[column] ?? NOT_PROBED
      return rule === NOT_PROBED ? '.' : MARKS[expectedOf(set, rule).expect]
    })
    return `  ${pod.padEnd(width)}  ${cells.join('')}`
  })
  const services = shown.flatMap(column => {
    const target = targets[column]
    return target && isService(target) ? [target.address] : []
  })
  return services.length > 0 ? [...rows, `  the last columns are ${services.join(', ')}`] : rows
}
