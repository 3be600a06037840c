import type { Turn } from '../../events/events.ts'
import { isFlaky, ONCE } from '../../events/rules.ts'
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
  readonly turn: Turn
  retried?: boolean
  ended?: number
  verdict?: ReportVerdict
  why?: string | undefined
  reasons?: readonly string[]
  cluster?: string
  clusterBegun?: number
  readonly up: Map<string, number>
  readonly steps: Map<number, DraftStep>
  readonly artefacts: ArtefactData[]
  readonly evidence: { readonly node: string; readonly subject: string; readonly what: string; readonly text: string }[]
  matrix?: Omit<MatrixData, 'cells' | 'ranges'> & { readonly cells: Promise<string>; readonly ranges: Promise<string> }
  graph?: Promise<string>
}

export const newDraft = (
  own: Pick<DraftTest, 'name' | 'summary' | 'begun'> & Partial<Pick<DraftTest, 'settings' | 'turn'>>,
): DraftTest => ({
  settings: [],
  turn: ONCE,
  ...own,
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
 * How a draft ended. One without an end of its own shares the run's; one that passed when it was tried again is flaky.
 * @param verdict of the run
 */
export function verdictOf(draft: DraftTest, verdict: ReportVerdict): ReportVerdict {
  const own = draft.verdict ?? (verdict === 'interrupted' ? 'interrupted' : 'broken')
  return own !== 'skipped' && own !== 'flaky' && isFlaky({ verdict: own, turn: draft.turn }) ? 'flaky' : own
}

/** Which of how many tries, and repeats, of its test a draft is. */
export type Try = Pick<TestData, 'attempt' | 'attempts' | 'retried' | 'repeat' | 'repeats'>

export function tryOf({ name, turn, retried }: DraftTest, drafts: readonly DraftTest[]): Try {
  const same = drafts.filter(draft => draft.name === name)
  const repeats = Math.max(...same.map(draft => draft.turn.repeat))
  const sameRepeat = same.filter(draft => draft.turn.repeat === turn.repeat)
  const attempts = Math.max(...sameRepeat.map(draft => draft.turn.attempt))
  return { attempt: turn.attempt, attempts, retried: retried === true, repeat: turn.repeat, repeats }
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
