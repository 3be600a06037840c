import type { Conformance, ConformanceChange } from '../../events/conformance.ts'
import { shortText } from '../../host/text.ts'
import { describeConformance, isViolation, verdictWord } from './words.ts'

/** The findings, as lines for a terminal: what was violated, why checks were skipped, what changed. */
export function conformanceLines(conformance: Conformance): readonly string[] {
  const { checks, changes } = conformance
  const violated = checks.filter(isViolation)
  const skipped = checks.filter(({ verdict }) => verdict === 'skipped')
  const width = Math.max(0, ...violated.map(({ name }) => name.length))
  const rows = violated.map(
    check =>
      `  ${verdictWord(check).padEnd(15)} §${check.section.padEnd(2)} ${check.name.padEnd(width)}  ` +
      shortText(check.why ?? '', 160),
  )
  const reasons = new Map<string, string[]>()
  for (const { why = '', name } of skipped) reasons.set(why, [...(reasons.get(why) ?? []), name])
  const left = [...reasons].map(([why, names]) => {
    const more = names.length > 3 ? ` and ${names.length - 3} more` : ''
    return `  skipped: ${shortText(why, 120)}: ${names.slice(0, 3).join(', ')}${more}`
  })
  return [describeConformance(conformance), ...rows, ...left, ...(changes ? changeLines(changes) : [])]
}

/** The differences to other results, as lines for a terminal. */
const changeLines = (changes: readonly ConformanceChange[]): readonly string[] =>
  changes.length === 0
    ? ['  no check has another verdict']
    : changes.map(({ name, before, after, kind }) => {
        const [old, now] = [before, after].map(result => (result ? verdictWord(result) : 'not run'))
        return `  ${kind === 'other' ? 'changed' : kind}: ${name}: ${old}, now ${now}`
      })
