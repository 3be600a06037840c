import type { Conformance, ConformanceChange } from '../../events/conformance.ts'

const isGood = (verdict: string | undefined) => verdict === 'passed'
const isBad = (verdict: string | undefined) => verdict === 'failed' || verdict === 'warning'

/** Compares the results of two versions of a plugin, check by check. */
export function compareConformance(
  before: Pick<Conformance, 'checks'>,
  after: Pick<Conformance, 'checks'>,
): readonly ConformanceChange[] {
  const names = [...new Set([...after.checks, ...before.checks].map(({ name }) => name))]
  return names.flatMap((name): readonly ConformanceChange[] => {
    const [old, now] = [before, after].map(({ checks }) => checks.find(check => check.name === name))
    if (old?.verdict === now?.verdict) return []
    const kind =
      isBad(old?.verdict) && isGood(now?.verdict)
        ? 'fixed'
        : isBad(now?.verdict) && isGood(old?.verdict)
          ? 'broken'
          : 'other'
    return [{ name, before: old, after: now, kind }]
  })
}
