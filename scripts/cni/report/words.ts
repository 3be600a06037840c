import type { CheckResult, CheckVerdict, Conformance } from '../../events/conformance.ts'

/** How many checks have each verdict. */
export function countVerdicts({
  checks,
}: {
  readonly checks: readonly Pick<CheckResult, 'verdict'>[]
}): Readonly<Record<CheckVerdict, number>> {
  const counts = { passed: 0, failed: 0, warning: 0, skipped: 0 }
  for (const { verdict } of checks) counts[verdict]++
  return counts
}

/** `network xnet, CNI 1.0.0, bridge (host-local): 40 passed, 2 violations of a MUST, 1 of a SHOULD, 20 skipped` */
export function describeConformance(conformance: Conformance): string {
  const { network, cniVersion, plugins } = conformance
  const { passed, failed, warning, skipped } = countVerdicts(conformance)
  const violations = failed === 1 ? '1 violation of a MUST' : `${failed} violations of a MUST`
  const counts = `${passed} passed, ${violations}, ${warning} of a SHOULD, ${skipped} skipped`
  return `network ${network}, CNI ${cniVersion}, ${plugins.join(' + ')}: ${counts}`
}

/** Whether a check found a violation, of a MUST or of a SHOULD. */
export const isViolation = ({ verdict }: Pick<CheckResult, 'verdict'>): boolean =>
  verdict === 'failed' || verdict === 'warning'

/** `a; and 2 more` of several messages. */
export function firstOf(messages: readonly string[]): string | undefined {
  const [first] = messages
  return messages.length > 1 ? `${first}; and ${messages.length - 1} more` : first
}

/** The verdict of a check in a table. */
export const verdictWord = (check: Pick<CheckResult, 'verdict' | 'level'>): string =>
  isViolation(check) ? `violates ${check.level}` : check.verdict
