import type { CheckResult, Conformance, ConformanceChange } from '../../events/conformance.ts'
import { isViolation } from './words.ts'

type Verdict = Pick<CheckResult, 'verdict'> | undefined
const isGood = (check: Verdict) => check?.verdict === 'passed'
const isBad = (check: Verdict) => check !== undefined && isViolation(check)

/** Compares the results of two versions of a plugin, check by check. */
export function compareConformance(
  before: Pick<Conformance, 'checks'>,
  after: Pick<Conformance, 'checks'>,
): readonly ConformanceChange[] {
  const names = [...new Set([...after.checks, ...before.checks].map(({ name }) => name))]
  return names.flatMap((name): readonly ConformanceChange[] => {
    const [old, now] = [before, after].map(({ checks }) => checks.find(check => check.name === name))
    if (old?.verdict === now?.verdict) return []
    const kind = isBad(old) && isGood(now) ? 'fixed' : isBad(now) && isGood(old) ? 'broken' : 'other'
    return [{ name, before: old, after: now, kind }]
  })
}
