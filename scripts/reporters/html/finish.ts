import { kernelHeading, kernelTable } from '../../events/kernels.ts'
import { notRun } from '../../events/outcomes.ts'
import type { RunRecord } from '../../events/record.ts'
import type { CollectedRun } from './collected.ts'
import type {
  ConformanceData,
  EvidenceData,
  KernelsData,
  MatrixData,
  ProbesData,
  ReportData,
  TestData,
} from './data.ts'
import { type AttemptData, attemptOf, type DraftTest, logText, nodesOf, stepsOf, verdictOf, wordsOf } from './draft.ts'
import { Packs, pack } from './packed.ts'
import { count } from './page/words.ts'

/** Maximum characters of packed data: keeps the page below five megabytes. */
const BUDGET = 4_400_000
/** Reserved for the logs; they also get what matrices leave. */
const LEAST_FOR_LOGS = 600_000
/** First limit for a log that packs too large; halved until it fits. */
const LOG_CHARACTERS = 6_000_000
const LEAST_CHARACTERS = 20_000

/** The verdicts of a run on several kernels. */
function kernelsOf(run: RunRecord): KernelsData | undefined {
  const table = kernelTable(run)
  return table && { columns: table.kernels.map(kernelHeading), rows: table.rows }
}

/** Assembles the report. Omits what would make it too large, and says so. */
export async function finish(collected: CollectedRun): Promise<{ readonly data: ReportData; readonly packs: Packs }> {
  const { run, begun, ended, commands, drafts, log, hostLines, components } = collected
  const { verdict, message, left } = run
  const packs = new Packs()
  const omissions = [...collected.omissions]
  const graphs = await packed(
    packs,
    drafts.map(({ graph }) => graph),
  )
  const evidence = await packEvidence(packs, drafts)
  const matrices = await packMatrices(packs, drafts, omissions)
  const probes = await packProbes(packs, drafts, omissions)
  const conformances = await packConformances(packs, drafts, omissions)
  const logs = await packLogs(packs, collected)
  omissions.push(...log.describeOmissions())
  const tests = drafts.map((draft, number): TestData => {
    const nodes = nodesOf(draft)
    const position = (node: string) => nodes.indexOf(node)
    const own = verdictOf(draft, verdict)
    const { record } = draft
    const { why, reasons } = wordsOf(draft)
    return {
      name: record.test,
      summary: record.summary,
      verdict: own,
      why: why ?? (own === 'broken' ? message : undefined),
      reasons,
      ...attemptOf(draft, drafts),
      begun: record.begun,
      ended: record.isOver ? record.ended : ended,
      cluster: record.cluster,
      clusterBegun: draft.clusterBegun,
      nodes,
      up: [...draft.up].map(([node, at]) => [position(node), at] as const),
      settings: record.settings.map(({ name, value, origin }) => [name, value, origin] as const),
      steps: stepsOf(draft, position),
      artefacts: draft.artefacts,
      matrix: matrices[number],
      probes: probes[number],
      conformance: conformances[number],
      graph: graphs[number],
      log: logs[number],
      evidence: evidence[number] ?? [],
    }
  })
  const all = [...tests, ...notRun(run).map(name => withoutRun(name, ended))]
  return {
    data: {
      version: 1,
      verdict,
      begun,
      ended,
      message,
      left,
      commands,
      tests: all,
      kernels: kernelsOf(run),
      components,
      hostLines,
      omissions,
    },
    packs,
  }
}

const ONLY: AttemptData = { attempt: 1, attempts: 1, retried: false, repeat: 1, repeats: 1 }

/** A test that was not run. */
const withoutRun = (name: string, at: number): TestData => ({
  name,
  summary: '',
  verdict: 'skipped',
  why: 'the run ended before this test',
  reasons: [],
  ...ONLY,
  begun: at,
  ended: at,
  cluster: undefined,
  clusterBegun: undefined,
  nodes: [],
  up: [],
  settings: [],
  steps: [],
  artefacts: [],
  matrix: undefined,
  probes: undefined,
  conformance: undefined,
  graph: undefined,
  log: undefined,
  evidence: [],
})

const packed = async (packs: Packs, contents: readonly (Promise<string> | undefined)[]) =>
  (await Promise.all(contents)).map(content => (content === undefined ? undefined : packs.add(content)))

async function packEvidence(packs: Packs, drafts: readonly DraftTest[]): Promise<readonly (readonly EvidenceData[])[]> {
  return await Promise.all(
    drafts.map(async ({ evidence }) => {
      if (evidence.length === 0) return []
      const texts = packs.add(await pack(JSON.stringify(evidence.map(({ text }) => text))))
      return evidence.map(({ node, subject, what }, position) => ({ node, subject, what, texts, position }))
    }),
  )
}

/** Always contains results and mean times; minimum and maximum times if they fit, of failed tests first. */
async function packMatrices(
  packs: Packs,
  drafts: readonly DraftTest[],
  omissions: string[],
): Promise<readonly (MatrixData | undefined)[]> {
  const cells = await packed(
    packs,
    drafts.map(({ matrix }) => matrix?.cells),
  )
  const withRanges = [...drafts.entries()].sort(([, a], [, b]) => rank(a) - rank(b))
  const ranges = new Map<number, MatrixData['ranges']>()
  let without = 0
  for (const [number, { matrix }] of withRanges) {
    const content = await matrix?.ranges
    if (content === undefined) continue
    if (packs.size + content.length + LEAST_FOR_LOGS > BUDGET) without++
    else ranges.set(number, packs.add(content))
  }
  if (without > 0)
    omissions.push(
      `minimum and maximum round trips of ${count(without, 'matrix', 'matrices')} (the means are included)`,
    )
  return drafts.map(({ matrix }, number) => {
    const own = cells[number]
    return matrix && own && { ...matrix, cells: own, ranges: ranges.get(number) }
  })
}

/** Pictures of probes, if they fit. */
async function packProbes(
  packs: Packs,
  drafts: readonly DraftTest[],
  omissions: string[],
): Promise<readonly (ProbesData | undefined)[]> {
  let without = 0
  const all: (ProbesData | undefined)[] = []
  for (const { probes } of drafts) {
    const pictures: ProbesData['pictures'][number][] = []
    for (const draft of probes?.pictures ?? []) {
      const content = await draft.picture
      if (packs.size + content.length + LEAST_FOR_LOGS > BUDGET) without++
      else pictures.push({ ...draft, picture: packs.add(content) })
    }
    all.push(probes && { ...probes, pictures })
  }
  if (without > 0) omissions.push(`${count(without, 'matrix', 'matrices')} of probes (results are in matrix.json)`)
  return all
}

/** Always contains the verdicts; what checks sent, got and saw if it fits. */
async function packConformances(
  packs: Packs,
  drafts: readonly DraftTest[],
  omissions: string[],
): Promise<readonly (ConformanceData | undefined)[]> {
  const all: (ConformanceData | undefined)[] = []
  for (const { conformance } of drafts) {
    const content = await conformance?.evidence
    const fits = content !== undefined && packs.size + content.length + LEAST_FOR_LOGS <= BUDGET
    all.push(conformance && { ...conformance, evidence: fits ? packs.add(content) : undefined })
  }
  const without = all.filter(conformance => conformance && !conformance.evidence).length
  if (without > 0)
    omissions.push(
      `evidence of the checks of ${count(without, 'network', 'networks')} (--reporter cni=<file>.json has it)`,
    )
  return all
}

const rank = ({ record }: DraftTest) => (record.verdict === 'passed' ? 1 : 0)

/** Packs as much of the log as fits: its compressed size is unknown before. */
async function packLogs(packs: Packs, { drafts, log }: CollectedRun) {
  const room = Math.max(LEAST_FOR_LOGS, BUDGET - packs.size)
  for (let characters = LOG_CHARACTERS; ; characters /= 2) {
    log.reduce(characters)
    const groups = log.groups()
    const texts = await Promise.all(
      drafts.map(async (draft, number) => {
        const nodes = nodesOf(draft)
        if (!groups.some(({ test }) => test === number)) return undefined
        return await pack(logText(groups, number, node => nodes.indexOf(node)))
      }),
    )
    const size = texts.reduce((sum, text) => sum + (text?.length ?? 0), 0)
    if (size > room && characters > LEAST_CHARACTERS) continue
    return texts.map(text => (text === undefined ? undefined : packs.add(text)))
  }
}
