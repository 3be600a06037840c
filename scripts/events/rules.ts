import { describeDiagnosis } from '../diagnosis/cause.ts'
import { plainText } from '../host/text.ts'
import type { FailedStep, RunEvent, Turn } from './events.ts'
import type { TestRecord } from './record.ts'

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

/** What is known of the tests of a run. */
interface Planned {
  readonly planned: readonly string[]
  readonly tests: readonly { readonly test: string }[]
  readonly skipped: readonly { readonly test: string }[]
}

/** The tests that were planned and neither begun nor left out. */
export const notRun = ({ planned, tests, skipped }: Planned): readonly string[] => {
  const seen = new Set([...tests, ...skipped].map(({ test }) => test))
  return planned.filter(test => !seen.has(test))
}
