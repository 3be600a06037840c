import type { CheckResult, Conformance, ConformanceChange } from '../../events/conformance.ts'
import { describeConformance, verdictWord } from './words.ts'

const SYMBOLS = { passed: '✅', failed: '❌', warning: '⚠️', skipped: '➖' } as const

/** A table of all checks for a README. */
export function toMarkdown(conformance: Conformance): string {
  const rows = conformance.checks.map(
    ({ name, level, section, verdict, why }) =>
      `| ${SYMBOLS[verdict]} | ${cell(name)} | ${level} | ${section} | ${verdict === 'passed' ? '' : cell(why ?? '')} |`,
  )
  return [
    `### ${describeConformance(conformance)}`,
    '',
    '|  | check | level | section | finding |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

/** A table of the checks whose verdicts changed. */
export function changesToMarkdown(changes: readonly ConformanceChange[]): string {
  if (changes.length === 0) return 'No check has another verdict.\n'
  const rows = changes.map(
    ({ name, before, after, kind }) =>
      `| ${kind === 'other' ? '' : kind} | ${cell(name)} | ${wordOf(before)} | ${wordOf(after)} | ${cell(after?.why ?? '')} |`,
  )
  return ['|  | check | before | now | finding |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}

const wordOf = (result: Pick<CheckResult, 'verdict' | 'level'> | undefined) =>
  result ? verdictWord(result) : 'not run'

/** Untrusted text in a table. */
export const cell = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/[\\|`*_<>[\]]/g, character => `\\${character}`)
