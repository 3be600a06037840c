import type { CheckData, CheckEvidenceData, ConformanceData, ReportVerdict } from '../data.ts'
import { element, folded } from './dom.ts'
import { icon } from './icons.ts'
import { plainTable } from './table.ts'
import { unpackJson } from './unpack.ts'

const ICONS: Readonly<Record<CheckData['verdict'], ReportVerdict>> = {
  passed: 'passed',
  failed: 'failed',
  warning: 'flaky',
  skipped: 'skipped',
}

/** The table of conformance. Each check unfolds to what was sent, what came back, and what the kernel shows. */
export function conformancePart({ text, checks, isCompared, gone, evidence }: ConformanceData): readonly HTMLElement[] {
  let unpacked: Promise<readonly (readonly CheckEvidenceData[])[]> | undefined
  const evidenceOf = async (index: number) => {
    if (evidence) unpacked ??= unpackJson(evidence)
    return (await unpacked)?.[index] ?? []
  }
  const rows = checks.map((check, index) => rowOf(check, isCompared, () => evidenceOf(index)))
  const heads = ['Verdict', 'Check', 'Level', 'Section', 'Finding', ...(isCompared ? ['Earlier results'] : [])]
  const isSame = isCompared && gone.length === 0 && checks.every(({ change }) => change === undefined)
  const notes = isSame ? ['no check has another verdict than in the earlier results'] : gone
  return [
    element('p', { class: 'facts' }, text),
    plainTable({ caption: 'Conformance', kind: 'conformance' }, heads, rows),
    ...notes.map(note => element('p', { class: 'facts' }, note)),
  ]
}

function rowOf(
  { name, verdict, word, level, section, expects, why, node, change }: CheckData,
  isCompared: boolean,
  evidence: () => Promise<readonly CheckEvidenceData[]>,
): HTMLTableRowElement {
  const about = element('p', { class: 'about' }, `${node}: the plugin ${expects}`)
  const content = async () => [about, ...(await evidence()).flatMap(pieceOf)]
  const kind = ICONS[verdict]
  return element(
    'tr',
    { class: verdict === 'skipped' ? 'usual' : undefined },
    element('td', {}, element('span', { class: `badge ${kind}` }, icon(kind), word)),
    element('th', { scope: 'row' }, verdict === 'skipped' ? name : folded({ class: 'check' }, [name], content)),
    element('td', {}, level),
    element('td', {}, section),
    element('td', { class: 'finding' }, why ?? ''),
    isCompared && element('td', {}, change ?? 'the same'),
  )
}

const pieceOf = ({ title, parts }: CheckEvidenceData): readonly HTMLElement[] => [
  element('p', { class: 'piece' }, title),
  ...parts.flatMap(([label, text]) => [
    ...(label ? [element('p', { class: 'about' }, label)] : []),
    element('pre', { tabindex: 0, role: 'group', 'aria-label': label ? `${title}: ${label}` : title }, text),
  ]),
]
