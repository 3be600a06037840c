import { describeConformance, verdictWord } from '../../cni/report/words.ts'
import type { CheckEvidence, CheckResult, Conformance, ConformanceChange } from '../../events/conformance.ts'
import { plainLines } from '../../host/text.ts'
import type { CheckData, CheckEvidenceData, ConformanceData } from './data.ts'
import { pack } from './packed.ts'

/** The table of a CNI network; its evidence is being packed. */
export type DraftConformance = Omit<ConformanceData, 'evidence'> & { readonly evidence: Promise<string> }

/** The table of all checks, and what each of them sent, got and saw. */
export function draftConformance(conformance: Conformance): DraftConformance {
  const { checks, changes = [] } = conformance
  const evidence = checks.map(check => check.evidence.map(describeEvidence))
  return {
    text: describeConformance(conformance),
    checks: checks.map(check =>
      checkData(
        check,
        changes.find(({ name }) => name === check.name),
      ),
    ),
    isCompared: conformance.changes !== undefined,
    gone: changes.flatMap(({ name, before, after }) =>
      before && !after ? [`${name}: ${verdictWord(before)}, now not run`] : [],
    ),
    evidence: pack(JSON.stringify(evidence, (_, value) => (typeof value === 'string' ? plainLines(value) : value))),
  }
}

const checkData = (check: CheckResult, change: ConformanceChange | undefined): CheckData => ({
  name: check.name,
  verdict: check.verdict,
  word: verdictWord(check),
  level: check.level,
  section: check.section,
  expects: check.expects,
  why: check.why,
  node: check.node,
  change: change && describeChange(change),
})

function describeChange({ kind, before }: ConformanceChange): string {
  const earlier = before ? verdictWord(before) : 'not run'
  return `${kind === 'other' ? 'changed' : kind}, before: ${earlier}`
}

function describeEvidence(evidence: CheckEvidence): CheckEvidenceData {
  if (evidence.type === 'kernel') return { title: evidence.what, parts: [['', evidence.text]] }
  const { operation, plugin, environment, input, status, problem, stdout, stderr, milliseconds } = evidence
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const parts = [
    ['variables', variables.join('\n')],
    ['sent', input],
    ['standard output', stdout],
    ['standard error', stderr],
  ] as const
  return {
    title: `${operation} ${plugin}: ${problem ?? `exit status ${status}`} (${Math.round(milliseconds)} ms)`,
    parts: parts.filter(([, text]) => text.trim() !== ''),
  }
}
