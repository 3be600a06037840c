import { type Diagnosis, describeDiagnosis } from '../diagnosis/cause.ts'
import { plainText } from '../host/text.ts'
import type { Setting } from '../settings/sources.ts'
import type { Component, FailedStep, Invocation, RunEvent, StepId, Turn, Verdict } from './events.ts'
import { type Excerpt, type ExcerptSize, excerpt } from './excerpt.ts'

/** How a step went on one node. */
export interface NodeRecord {
  readonly node: string
  /** `interrupted`, too, while it is under way. */
  verdict: Verdict
  milliseconds: number
  failure?: FailedStep
  readonly output: Excerpt
}

export interface StepRecord {
  readonly step: string
  readonly index: number
  readonly begun: number
  /** By name, in the order of the nodes. */
  readonly nodes: ReadonlyMap<string, NodeRecord>
}

export type Evidence = Pick<Extract<RunEvent, { type: 'evidence' }>, 'node' | 'subject' | 'what' | 'text'>

/** What was brought home: `results` or `evidence`, and where it is. */
export interface Artefact {
  readonly what: string
  readonly path: string
}

/** One time that a test was run. */
export interface TestRecord {
  readonly test: string
  readonly turn: Turn
  readonly summary: string
  readonly file: string | undefined
  readonly settings: readonly Setting[]
  readonly components: Component[]
  readonly begun: number
  ended: number
  isOver: boolean
  verdict: Verdict
  why: string | undefined
  /** Failed, and another attempt follows. */
  retried: boolean
  cluster: string | undefined
  readonly steps: StepRecord[]
  /** What the proof measured, in a line. */
  matrix: string | undefined
  /** Why it failed, as far as that is known. */
  diagnosis: Diagnosis | undefined
  readonly evidence: Evidence[]
  readonly artefacts: Artefact[]
}

export interface RunRecord {
  readonly begun: number
  readonly invocation: Invocation | undefined
  /** The names of the tests that were to be run. */
  readonly planned: readonly string[]
  readonly components: Component[]
  readonly tests: TestRecord[]
  readonly skipped: { readonly test: string; readonly why: string }[]
  /** Why the run ended before its tests did. */
  message: string | undefined
  verdict: Verdict
  seconds: number
  left: string | undefined
  /** Why tests behind the last one were not run, where the run was not broken off. */
  notRunWhy: string | undefined
  /** Where the reports are, in lines for the user. */
  reports: readonly string[]
}

/** A test that is run once. */
export const ONCE: Turn = { repeat: 1, attempt: 1, attempts: 1 }

/** All that failed, on every node. */
export const failuresOf = ({ steps }: TestRecord): readonly FailedStep[] =>
  steps.flatMap(({ nodes }) => [...nodes.values()].flatMap(({ failure }) => failure ?? []))

/** Where a person finds more: `evidence: results/bridge/evidence`. */
export const pointersOf = ({ artefacts }: TestRecord): readonly string[] =>
  artefacts.map(({ what, path }) => `${what}: ${path}`)

/** What stands before all else about its failures: `likely cause: vm-002-ns03: eth0 is down`. */
export const reasonsOf = ({ diagnosis }: TestRecord): readonly string[] =>
  diagnosis ? describeDiagnosis(diagnosis).map(plainText) : []

/** Passed, and not at once. */
export const isFlaky = ({ verdict, turn }: Pick<TestRecord, 'verdict' | 'turn'>): boolean =>
  verdict === 'passed' && turn.attempt > 1

/** A name for one time that a test is run, unique in the run: `bridge`, `bridge (repeat 2, attempt 2)`. */
export function turnName(test: string, { repeat, attempt }: Turn = ONCE): string {
  const parts = [...(repeat > 1 ? [`repeat ${repeat}`] : []), ...(attempt > 1 ? [`attempt ${attempt}`] : [])]
  return parts.length === 0 ? test : `${test} (${parts.join(', ')})`
}

/** How one time of a test ended, in words: `failed: bridge; is tried again`, `flaky: bridge (attempt 2): failed before it passed`. */
export function describeEnd({ test, turn = ONCE, verdict, retried = false }: TestEnd): string {
  const name = turnName(test, turn)
  if (isFlaky({ verdict, turn })) return `flaky: ${name}: failed before it passed`
  return `${verdict}: ${name}${retried ? '; is tried again' : ''}`
}

type TestEnd = Pick<Extract<RunEvent, { type: 'test-end' }>, 'test' | 'turn' | 'verdict' | 'retried'>

/** `1 flaky test: bridge`; undefined without any. */
export const describeFlaky = (flaky: readonly string[] = []): string | undefined =>
  flaky.length === 0 ? undefined : `${flaky.length} flaky test${flaky.length === 1 ? '' : 's'}: ${flaky.join(', ')}`

/** The tests that were planned and neither begun nor left out. */
export const notRun = ({ planned, tests, skipped }: RunRecord): readonly string[] => {
  const seen = new Set([...tests, ...skipped].map(({ test }) => test))
  return planned.filter(test => !seen.has(test))
}

/** Gathers events into what reports at the end of a test or of the run are made of. */
export interface Recorder {
  readonly run: RunRecord
  on(event: RunEvent): void
}

/** @param size how much is kept of each node's output in each step */
export function recorder(size: ExcerptSize): Recorder {
  let run = emptyRun()
  const current = () => run.tests.at(-1)
  const nodeOf = ({ index, node }: StepId & { node: string }) =>
    current()
      ?.steps.find(step => step.index === index)
      ?.nodes.get(node)
  const on = (event: RunEvent) => {
    switch (event.type) {
      case 'run-start':
        run = {
          ...run,
          begun: event.at,
          planned: event.tests,
          invocation: event.invocation,
          reports: event.reports ?? [],
        }
        break
      case 'provenance':
        ;(event.test === undefined ? run : current())?.components.push(event.component)
        break
      case 'test-start':
        run.tests.push(beginTest(event))
        break
      case 'test-skipped':
        // It may have begun: what its kernel lacks is known late.
        if (current()?.test === event.test && !current()?.isOver) run.tests.pop()
        run.skipped.push({ test: event.test, why: event.why })
        break
      case 'cluster-start':
        update(current(), { cluster: event.kind })
        break
      case 'step-start':
        current()?.steps.push({
          step: event.step,
          index: event.index,
          begun: event.at,
          nodes: new Map(event.nodes.map(node => [node, underWay(node, size)])),
        })
        break
      case 'output':
        nodeOf(event)?.output.add(event.line)
        break
      case 'step-end': {
        const { failure, milliseconds } = event
        const verdict = failure ? (failure.broken ? 'broken' : 'failed') : 'passed'
        update(nodeOf(event), { verdict, milliseconds, ...(failure && { failure }) })
        break
      }
      case 'matrix':
        update(current(), { matrix: event.text })
        break
      case 'diagnosis':
        update(current(), { diagnosis: { causes: event.causes, groups: event.groups } })
        break
      case 'evidence': {
        const { node, subject, what, text } = event
        current()?.evidence.push({ node, subject, what, text })
        break
      }
      case 'artefact':
        current()?.artefacts.push({ what: event.what ?? 'results', path: event.path })
        break
      case 'test-end':
        update(current(), {
          verdict: event.verdict,
          why: event.why,
          ended: event.at,
          isOver: true,
          retried: event.retried === true,
        })
        break
      case 'run-failed':
        run.message = event.message
        run.notRunWhy = event.message.split('\n')[0]
        break
      case 'run-end':
        update(run, { verdict: event.verdict, seconds: event.seconds, left: event.left })
        run.notRunWhy ??= event.notRun
        break
    }
  }
  return {
    get run() {
      return run
    },
    on,
  }
}

const emptyRun = (): RunRecord => ({
  begun: 0,
  invocation: undefined,
  planned: [],
  components: [],
  tests: [],
  skipped: [],
  message: undefined,
  verdict: 'interrupted',
  seconds: 0,
  left: undefined,
  notRunWhy: undefined,
  reports: [],
})

const beginTest = (event: Extract<RunEvent, { type: 'test-start' }>): TestRecord => ({
  test: event.test,
  turn: event.turn ?? ONCE,
  summary: event.summary,
  file: event.file,
  settings: event.settings,
  components: [],
  begun: event.at,
  ended: event.at,
  isOver: false,
  verdict: 'interrupted',
  why: undefined,
  retried: false,
  cluster: undefined,
  steps: [],
  matrix: undefined,
  diagnosis: undefined,
  evidence: [],
  artefacts: [],
})

const underWay = (node: string, size: ExcerptSize): NodeRecord => ({
  node,
  verdict: 'interrupted',
  milliseconds: 0,
  output: excerpt(size),
})

/** A record of what has not begun is none. */
function update<T extends object>(record: T | undefined, values: Partial<T>): void {
  if (record) Object.assign(record, values)
}
