import { describeDiagnosis } from '../diagnosis/cause.ts'
import { plainText } from '../host/text.ts'
import type { AttemptInfo, FailedStep, RunEvent } from './events.ts'
import type { StepRecord, StepVerdict, TestRecord } from './record.ts'

export const ONCE: AttemptInfo = { repeat: 1, attempt: 1, attempts: 1 }

/** All failures of a test, on every node; those of a step within another before those of the other. */
export const failuresOf = ({ steps }: TestRecord): readonly FailedStep[] =>
  innermostFirst(steps).flatMap(({ nodes }) => [...nodes.values()].flatMap(({ failure }) => failure ?? []))

function innermostFirst(steps: readonly StepRecord[], within?: number): readonly StepRecord[] {
  if (steps.every(step => step.within === undefined)) return steps
  return steps.filter(step => step.within === within).flatMap(step => [...innermostFirst(steps, step.index), step])
}

type StepEnd = Pick<Extract<RunEvent, { type: 'step-end' }>, 'failure' | 'skipped' | 'warning'>

/** The outcome of a step on a node. */
export function stepVerdict({ failure, skipped, warning }: StepEnd): StepVerdict {
  if (failure) return failure.broken ? 'broken' : 'failed'
  if (skipped !== undefined) return 'skipped'
  return warning === undefined ? 'passed' : 'warning'
}

/** `passed`, `skipped: <reason>`, `warning: <reason>`: the outcome of a step that did not fail. */
export function describeStep(end: StepEnd): string {
  const note = noteOf(end)
  return `${stepVerdict(end)}${note === undefined ? '' : `: ${plainText(note.replaceAll('\n', ' '))}`}`
}

/** Why a step was skipped or has a warning. */
export const noteOf = ({ failure, skipped, warning }: StepEnd): string | undefined =>
  failure ? undefined : (skipped ?? warning)

/** Paths of the artifacts: `evidence: results/bridge/evidence`. */
export const pointersOf = ({ artefacts }: TestRecord): readonly string[] =>
  artefacts.map(({ what, path }) => `${what}: ${path}`)

/** The likely causes, shown before the failures: `likely cause: vm-002-ns03: eth0 is down`. */
export const reasonsOf = ({ diagnosis }: TestRecord): readonly string[] =>
  diagnosis ? describeDiagnosis(diagnosis).map(plainText) : []

/** Passed, but not at the first attempt. */
export const isFlaky = ({ verdict, turn }: Pick<TestRecord, 'verdict' | 'turn'>): boolean =>
  verdict === 'passed' && turn.attempt > 1

/** The unique name of an attempt in a run: `bridge`, `bridge (repeat 2, attempt 2)`. */
export function attemptName(test: string, { repeat, attempt }: AttemptInfo = ONCE): string {
  const parts = [...(repeat > 1 ? [`repeat ${repeat}`] : []), ...(attempt > 1 ? [`attempt ${attempt}`] : [])]
  return parts.length === 0 ? test : `${test} (${parts.join(', ')})`
}

/** The outcome of an attempt: `failed: bridge; retrying`, `flaky: bridge (attempt 2): failed before it passed`. */
export function describeEnd({ test, turn = ONCE, verdict, retried = false }: TestEnd): string {
  const name = attemptName(test, turn)
  if (isFlaky({ verdict, turn })) return `flaky: ${name}: failed before it passed`
  return `${verdict}: ${name}${retried ? '; retrying' : ''}`
}

type TestEnd = Pick<Extract<RunEvent, { type: 'test-end' }>, 'test' | 'turn' | 'verdict' | 'retried'>

/** The names of the tests that passed only on a retry. */
export const flakyTests = ({ tests }: { readonly tests: readonly TestRecord[] }): readonly string[] =>
  tests.filter(isFlaky).map(({ test }) => test)

/** `1 flaky test: bridge`; undefined without any. */
export function describeFlaky(run: { readonly tests: readonly TestRecord[] }): string | undefined {
  const names = flakyTests(run)
  return names.length === 0
    ? undefined
    : `${names.length} flaky test${names.length === 1 ? '' : 's'}: ${names.join(', ')}`
}

interface Planned {
  readonly planned: readonly string[]
  readonly tests: readonly { readonly test: string }[]
  readonly skipped: readonly { readonly test: string }[]
}

/** The selected tests that were neither started nor skipped. */
export const notRun = ({ planned, tests, skipped }: Planned): readonly string[] => {
  const seen = new Set([...tests, ...skipped].map(({ test }) => test))
  return planned.filter(test => !seen.has(test))
}
