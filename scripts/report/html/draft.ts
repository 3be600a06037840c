import type { Setting } from '../../settings/sources.ts'
import type { ArtefactData, LogLine, MatrixData, ReportVerdict, StepData, StepNodeData, TestData } from './data.ts'
import type { KeptLines } from './logs.ts'

export interface DraftStep {
  readonly name: string
  readonly index: number
  readonly begun: number
  /** Undefined for nodes that have not ended it. */
  readonly nodes: Map<string, Pick<StepNodeData, 'milliseconds' | 'failure'> | undefined>
}

/** A test as it is gathered: what is large is packed already, or on its way. */
export interface DraftTest {
  readonly name: string
  readonly summary: string
  readonly begun: number
  readonly settings: readonly Setting[]
  ended?: number
  verdict?: ReportVerdict
  why?: string | undefined
  cluster?: string
  clusterBegun?: number
  readonly up: Map<string, number>
  readonly steps: Map<number, DraftStep>
  readonly artefacts: ArtefactData[]
  readonly evidence: { readonly node: string; readonly subject: string; readonly what: string; readonly text: string }[]
  matrix?: Omit<MatrixData, 'cells' | 'ranges'> & { readonly cells: Promise<string>; readonly ranges: Promise<string> }
  graph?: Promise<string>
}

export const newDraft = (name: string, summary: string, begun: number, settings: readonly Setting[]): DraftTest => ({
  name,
  summary,
  begun,
  settings,
  up: new Map(),
  steps: new Map(),
  artefacts: [],
  evidence: [],
})

/** Its nodes, by name, so that they stand in the same order everywhere. */
export function nodesOf({ up, steps }: DraftTest): readonly string[] {
  const names = [...up.keys(), ...[...steps.values()].flatMap(({ nodes }) => [...nodes.keys()])]
  return [...new Set(names)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

export const stepsOf = (draft: DraftTest, position: (node: string) => number): readonly StepData[] =>
  [...draft.steps.values()].map(({ name, index, begun, nodes }) => ({
    name,
    index,
    begun,
    nodes: [...nodes]
      .map(([node, end]) => ({ node: position(node), milliseconds: end?.milliseconds, failure: end?.failure }))
      .sort((a, b) => a.node - b.node),
  }))

/**
 * How each of the drafts ended. One without an end of its own shares the run's; one that passed after the same test had failed is flaky.
 * @param verdict of the run
 */
export function verdictsOf(drafts: readonly DraftTest[], verdict: ReportVerdict): readonly ReportVerdict[] {
  const failedBefore = new Set<string>()
  return drafts.map(draft => {
    const own = draft.verdict ?? (verdict === 'interrupted' ? 'interrupted' : 'broken')
    const isFlaky = own === 'passed' && failedBefore.has(draft.name)
    if (own === 'failed' || own === 'broken') failedBefore.add(draft.name)
    return isFlaky ? 'flaky' : own
  })
}

/** Which of how many tries of its test a draft is. */
export type Try = Pick<TestData, 'attempt' | 'attempts' | 'retried'>

export function triesOf(drafts: readonly DraftTest[]): readonly Try[] {
  const seen = new Map<string, number>()
  const numbers = drafts.map(({ name }) => {
    const attempt = (seen.get(name) ?? 0) + 1
    seen.set(name, attempt)
    return attempt
  })
  return drafts.map(({ name, verdict }, index) => {
    const [attempt, attempts] = [numbers[index] ?? 1, seen.get(name) ?? 1]
    return { attempt, attempts, retried: attempt < attempts && verdict !== 'passed' }
  })
}

/** The log of a test as the page reads it. */
export const logText = (groups: readonly KeptLines[], test: number, position: (node: string) => number): string =>
  JSON.stringify(
    groups
      .filter(group => group.test === test)
      .map(({ step, node, lines, leftOut, leftOutBehind }) => ({
        step,
        node: position(node),
        lines: lines as readonly LogLine[],
        leftOut,
        leftOutBehind,
      })),
  )
