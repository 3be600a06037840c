import { safeJson } from '../../host/text.ts'
import { describeObservation } from './judge.ts'
import type { ProbeMatrix, UnprovedPod, WrongProbe } from './matrix.ts'
import type { Observation } from './observation.ts'
import { isService } from './plan.ts'
import { probeName } from './probe.ts'
import type { RuleSet } from './rule.ts'
import type { SpreadResult } from './spread.ts'

/** The measurements of a set of rules: a matrix for each probe. */
export interface RuleProof {
  readonly rules: RuleSet
  readonly matrices: readonly ProbeMatrix[]
  readonly spreads: readonly SpreadResult[]
}

/** `tcp/80: 480 of 480 pairs reply; 384 of 384 forbidden pairs blocked (12 not sent)` */
export function describeMatrix({ probe, counts, rows }: ProbeMatrix): string {
  const { expected, reached, forbidden, closed, unsent } = counts
  const parts = [
    ...(expected > 0 ? [`${reached} of ${expected} pairs reply`] : []),
    ...(forbidden > 0
      ? [`${closed} of ${forbidden} forbidden pairs blocked${unsent > 0 ? ` (${unsent} not sent)` : ''}`]
      : []),
    ...describeMtus(rows),
  ]
  return `${probeName(probe)}: ${parts.join('; ') || 'no pairs'}`
}

/** `path MTU 1450 to 1500 bytes` */
function describeMtus(rows: ProbeMatrix['rows']): readonly string[] {
  let [least, most] = [Number.POSITIVE_INFINITY, 0]
  for (const row of rows)
    for (const cell of row)
      if (cell?.kind === 'mtu') [least, most] = [Math.min(least, cell.mtu), Math.max(most, cell.mtu)]
  if (most === 0) return []
  return [least === most ? `path MTU ${most} bytes` : `path MTU ${least} to ${most} bytes`]
}

/** A line for each probe, and for each address of a load balancer. */
export const linesOf = ({ matrices, spreads }: RuleProof): readonly string[] => [
  ...matrices.map(describeMatrix),
  ...spreads.map(describeSpread),
]

/** `tcp/80 of 10.0.0.1: 64 of 64 connections answered by 16 PODs, 3 to 5 each` */
export function describeSpread({ address, protocol, asked, counts, failed }: SpreadResult): string {
  const numbers = [...counts.values()]
  const total = numbers.reduce((sum, count) => sum + count, 0)
  const pods = `${numbers.length} POD${numbers.length === 1 ? '' : 's'}`
  const each = numbers.length > 0 ? `, ${Math.min(...numbers)} to ${Math.max(...numbers)} each` : ''
  const lost = failed.length > 0 ? `; ${failed.length} failed` : ''
  return `${protocol} of ${address}: ${total} of ${asked} connections answered by ${pods}${each}${lost}`
}

/** `vm-001-ns02 → vm-003-ns01 172.16.3.1 tcp/80 replies, but must be silent` */
export function describeWrong({ probe }: ProbeMatrix, { source, target, why }: WrongProbe): string {
  const to = isService(target) ? target.address : `${target.pod} ${target.address}`
  return `${source.pod} → ${to} ${probeName(probe)} ${why}`
}

/** `vm-001-ns02: 12 silent tcp/80 pairs over IPv4 prove nothing: it does not even answer itself` */
export function describeUnproved({ probe }: ProbeMatrix, { source, family, pairs, why }: UnprovedPod): string {
  const what = `${pairs} silent ${probeName(probe)} pair${pairs === 1 ? '' : 's'} over IPv${family}`
  return `${source.pod}: ${what} ${pairs === 1 ? 'proves' : 'prove'} nothing: ${why}`
}

/** A cell of `matrix.json`: the kind of result, and its details. */
function toCell(observed: Observation | undefined): readonly unknown[] | null {
  if (!observed) return null
  const { kind, ...facts } = observed
  return [kind, ...Object.values(facts)]
}

/** The content of `matrix.json` for rules, described in docs/matrix.md. */
export function proofToJson(test: string, { rules, matrices, spreads }: RuleProof): string {
  const [first] = matrices
  const content = {
    version: 2,
    test,
    rules,
    sources: first?.sources ?? [],
    destinations: first?.targets ?? [],
    matrices: matrices.map(matrix => ({
      ...matrix.probe,
      summary: matrix.counts,
      wrong: matrix.wrong,
      unproved: matrix.unproved,
      rows: matrix.rows.map(row => row.map(toCell)),
    })),
    spreads: spreads.map(({ counts, ...spread }) => ({ ...spread, counts: Object.fromEntries(counts) })),
  }
  return `${safeJson(JSON.stringify(content))}\n`
}

/** The result of a cell in words: `vm-001-ns01 → vm-002-ns01 172.16.2.1: is silent`. */
export const describeCell = (observed: Observation): string =>
  observed.kind === 'reply' ? `replies in ${observed.milliseconds} ms` : describeObservation(observed)
