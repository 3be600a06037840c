import type { Verdict } from '../../events/events.ts'
import { isFlaky, reasonsOf } from '../../events/outcomes.ts'
import type { Evidence, TestRecord } from '../../events/record.ts'
import type { DraftConformance } from './conformance.ts'
import type { ArtifactData, LogLine, MatrixData, ProbesData, ReportVerdict, StepData, TestData } from './data.ts'
import type { KeptLines } from './logs.ts'
import { shortened } from './shorten.ts'

/** Maximum characters of a reason, and of each last line. */
const MOST_WORDS = 2000

/** A test in the report: its record, and data that the recorder drops. Large data is being packed. */
export interface DraftTest {
  readonly record: TestRecord
  readonly isSkipped: boolean
  clusterBegun?: number
  readonly up: Map<string, number>
  readonly artefacts: ArtifactData[]
  /** Truncated to the limit. */
  readonly evidence: Evidence[]
  matrix?: Omit<MatrixData, 'cells' | 'ranges'> & { readonly cells: Promise<string>; readonly ranges: Promise<string> }
  probes?: Omit<ProbesData, 'pictures'> & { readonly pictures: readonly DraftPicture[] }
  conformance?: DraftConformance
  graph?: Promise<string>
}

export type DraftPicture = Omit<ProbesData['pictures'][number], 'picture'> & { readonly picture: Promise<string> }

export const newDraft = (record: TestRecord, isSkipped = false): DraftTest => ({
  record,
  isSkipped,
  up: new Map(),
  artefacts: [],
  evidence: [],
})

/** Its nodes, sorted by name. */
export function nodesOf({ up, record: { steps } }: DraftTest): readonly string[] {
  const names = [...up.keys(), ...steps.flatMap(({ nodes }) => [...nodes.keys()])]
  return [...new Set(names)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

export const stepsOf = ({ record }: DraftTest, position: (node: string) => number): readonly StepData[] =>
  record.steps.map(({ step, index, begun, nodes }) => ({
    name: step,
    index,
    begun,
    nodes: [...nodes.values()]
      .map(({ node, verdict, milliseconds, failure, note }) => ({
        node: position(node),
        milliseconds: verdict === 'interrupted' ? undefined : milliseconds,
        failure: failure && {
          why: shortWords(failure.location ? `${failure.why} (${failure.location})` : failure.why),
          lastLines: failure.lastLines.map(shortWords),
        },
        ...(note !== undefined && { note: shortWords(`${verdict}: ${note}`) }),
      }))
      .sort((a, b) => a.node - b.node),
  }))

/** The reason and likely causes, truncated. */
export const wordsOf = ({ record }: DraftTest): Pick<TestData, 'why' | 'reasons'> => ({
  why: record.why && shortWords(record.why),
  reasons: reasonsOf(record).map(shortWords),
})

const shortWords = (text: string): string => shortened(text, MOST_WORDS)

/**
 * The verdict of a draft. Without its own end, it shares the run's; a pass on a retry is flaky.
 * @param verdict of the run
 */
export function verdictOf({ record, isSkipped }: DraftTest, verdict: Verdict): ReportVerdict {
  if (isSkipped) return 'skipped'
  if (!record.isOver) return verdict === 'interrupted' ? 'interrupted' : 'broken'
  return isFlaky(record) ? 'flaky' : record.verdict
}

/** Counts attempts and repeats of a test. */
export type AttemptData = Pick<TestData, 'attempt' | 'attempts' | 'retried' | 'repeat' | 'repeats'>

export function attemptOf({ record: { test, turn, retried } }: DraftTest, drafts: readonly DraftTest[]): AttemptData {
  const turns = drafts.filter(({ record }) => record.test === test).map(({ record }) => record.turn)
  const repeats = Math.max(...turns.map(({ repeat }) => repeat))
  const attempts = Math.max(...turns.filter(({ repeat }) => repeat === turn.repeat).map(({ attempt }) => attempt))
  return { attempt: turn.attempt, attempts, retried, repeat: turn.repeat, repeats }
}

/** The log of a test in the page's format. */
export const logText = (groups: readonly KeptLines[], test: number, position: (node: string) => number): string =>
  JSON.stringify(
    groups
      .filter(group => group.test === test)
      .map(({ step, node, lines, omitted, omittedAfter }) => ({
        step,
        node: position(node),
        lines: lines as readonly LogLine[],
        omitted,
        omittedAfter,
      })),
  )
