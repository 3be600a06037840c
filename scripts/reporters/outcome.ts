import type { Verdict } from '../events/events.ts'
import { failuresOf, isFlaky, notRun, reasonsOf } from '../events/outcomes.ts'
import type { RunRecord, TestRecord } from '../events/record.ts'
import { plainText } from '../host/text.ts'
import { describeFailedStep } from './failed-step.ts'

type Outcome = Verdict | 'flaky'

/** Worst first: a repeated test has its worst verdict. */
const WORST = ['failed', 'broken', 'interrupted', 'flaky', 'passed'] as const
/** Maximum number of names in a line. */
const NAMED = 12

/** The outcome of a run: verdict and counts, the first cause, tests that were not run. */
export function describeOutcome(run: RunRecord): readonly string[] {
  const unrun = notRun(run)
  const cause = firstCause(run)
  // The reason of a broken run has its own line.
  const why = run.message === undefined ? run.notRunWhy : undefined
  return [
    verdictLine(run),
    ...(cause ? [cause] : []),
    ...(unrun.length > 0 ? [`not run: ${list(unrun, ' ')}${why ? `: ${why}` : ''}`] : []),
  ]
}

/** `FAILED: 1 of 11 tests: cni_bridge (2 passed, 8 not run)` */
function verdictLine(run: RunRecord): string {
  const { verdict, planned, skipped } = run
  const final = run.tests.filter(({ retried }) => !retried)
  const outcomes = new Map(planned.map(test => [test, outcomeOf(final.filter(each => each.test === test))]))
  const names = (wanted: Outcome) => planned.filter(test => outcomes.get(test) === wanted)
  const all = `${planned.length} test${planned.length === 1 ? '' : 's'}`
  const [passed, flaky] = [names('passed'), names('flaky')]
  const bad = WORST.slice(0, 3).filter(kind => names(kind).length > 0) as readonly Verdict[]
  const [worst = verdict] = bad
  const repeated = final.length > new Set(final.map(({ test }) => test)).size
  const passes = final.filter(each => each.verdict === 'passed').length
  const counts = [
    ...bad.slice(1).map(kind => `${names(kind).length} ${kind}: ${list(names(kind))}`),
    ...(verdict === 'passed' ? [] : some(passed.length, 'passed')),
    ...(repeated ? [`${passes} of ${final.length} runs passed`] : []),
    ...some(flaky.length, `flaky: ${list(flaky)}`),
    ...some(skipped.length, `skipped: ${list(skipped.map(({ test }) => test))}`),
    ...some(notRun(run).length, 'not run'),
  ]
  const more = counts.length > 0 ? ` (${counts.join(', ')})` : ''
  const good = passed.length + flaky.length
  if (verdict === 'passed') return `passed: ${good === planned.length ? all : `${good} of ${all}`}${more}`
  const culprits = names(worst)
  const what = culprits.length > 0 ? `${culprits.length} of ${all}: ${list(culprits)}` : all
  return `${verdict.toUpperCase()}: ${what}${more}`
}

const some = (count: number, word: string): readonly string[] => (count > 0 ? [`${count} ${word}`] : [])

const list = (names: readonly string[], between = ', '): string =>
  [...names.slice(0, NAMED), ...(names.length > NAMED ? [`… ${names.length - NAMED} more`] : [])].join(between)

const outcomeOf = (tests: readonly TestRecord[]): Outcome | undefined =>
  WORST.find(wanted => tests.some(test => (isFlaky(test) ? 'flaky' : test.verdict) === wanted))

/** The likely cause of the first failure, the failure itself, or why the test broke. */
function firstCause(run: RunRecord): string | undefined {
  const first = run.tests.find(({ verdict, retried }) => verdict !== 'passed' && !retried)
  const [reason] = first ? reasonsOf(first) : []
  if (reason) return run.planned.length > 1 ? `${first?.test}: ${reason}` : reason
  const [failure] = first ? failuresOf(first) : []
  if (failure) return `first failure: ${describeFailedStep(failure)}`
  // The reason of a broken run has its own line.
  const why = run.message === undefined ? first?.why : undefined
  return why === undefined ? undefined : plainText(`${first?.test}: ${why.split('\n')[0]}`)
}
