import { conformanceLines } from '../cni/report/table.ts'
import { describeDiagnosis } from '../diagnosis/cause.ts'
import type { Listener, RunEvent } from '../events/events.ts'
import { kernelHeading, kernelTable } from '../events/kernels.ts'
import { attemptName, describeEnd, isFlaky, ONCE } from '../events/outcomes.ts'
import type { RunRecord } from '../events/record.ts'
import { recorder } from '../events/recorder.ts'
import { plainLines, plainText } from '../host/text.ts'
import { linesOf } from '../proof/rules/report.ts'
import { alignColumns } from './columns.ts'
import { describeOutcome } from './outcome.ts'
import type { Output } from './output.ts'
import { GREEN, painter, RED, YELLOW } from './paint.ts'
import { type StepLine, StepLines } from './step-lines.ts'
import type { TerminalUse } from './streams.ts'

/**
 * The summary of a run for the user, in xcluster's format: `HH:MM:SS (<seconds since start>): TEST CASE: <what>`, an
 * indented line for each step, then verdict, cause, tests that were not run, paths of reports, and the total time.
 */
export function summary(output: Output, { color }: Pick<TerminalUse, 'color'>): Listener {
  const record = recorder({ head: 0, tail: 0 })
  let begun = 0
  /** The steps whose lines are not written, each within the one before. */
  const steps = new Map<number, StepLines>()
  const evidence: string[] = []
  const paint = painter(color)
  const line = (text: string) => output.write(`${text}\n`)
  const host = (at: number, text: string) => line(`${clock(at)} (${Math.floor((at - begun) / 1000)}): ${text}`)
  const write = (at: number, { who, kind, text }: StepLine) => {
    if (kind === 'failure') host(at, paint(RED, text))
    else if (kind === 'more') line(`    ${text}`)
    else line(`  ${clock(at)} (${who}): ${/\bFAILED\b/.test(text) ? paint(RED, text) : text}`)
  }
  /** Delayed for failures: their likely causes come first. */
  const writeSteps = (at: number, isWanted: (step: StepLines) => boolean, reasons: readonly string[] = []) => {
    const ended = [...steps].filter(([, step]) => isWanted(step))
    for (const [index, step] of ended) {
      steps.delete(index)
      for (const each of step.nodeLines()) write(at, each)
    }
    for (const reason of reasons) host(at, paint(RED, plainText(reason)))
    for (const [, step] of ended) for (const each of step.failureLines(reasons.length > 0)) write(at, each)
  }

  const on = (event: RunEvent) => {
    record.on(event)
    switch (event.type) {
      case 'run-start':
        begun = event.at
        break
      case 'notice':
        host(event.at, plainLines(event.text))
        break
      case 'test-start':
        host(event.at, `TEST CASE: ${attemptName(event.test, event.turn)}: ${event.summary}`)
        break
      case 'test-skipped':
        host(event.at, `skipped: ${event.test}: ${plainLines(event.why)}`)
        break
      case 'cluster-start':
        host(event.at, `cluster: ${plainLines(event.kind)}`)
        break
      case 'step-start':
        writeSteps(event.at, step => step.isOver)
        steps.set(event.index, new StepLines(event))
        break
      case 'output':
        steps.get(event.index)?.add(event)
        break
      case 'step-end': {
        const step = steps.get(event.index)
        step?.end(event)
        // Those that failed are written in the order of their ends: a step within another comes before it.
        if (step?.isOver && steps.delete(event.index)) steps.set(event.index, step)
        if (step?.isOver && !step.hasFailed) writeSteps(event.at, each => each === step)
        break
      }
      case 'matrix':
        host(event.at, `matrix: ${event.text}`)
        break
      case 'probes':
        for (const text of linesOf(event.proof)) host(event.at, `rules: ${text}`)
        break
      case 'conformance':
        writeSteps(event.at, step => step.isOver)
        for (const text of conformanceLines(event.conformance)) line(plainText(text))
        break
      case 'diagnosis':
        writeSteps(event.at, () => true, describeDiagnosis(event))
        break
      case 'test-end': {
        writeSteps(event.at, () => true)
        const { verdict, turn = ONCE, retried } = event
        const color = isFlaky({ verdict, turn }) || retried ? YELLOW : verdict === 'passed' ? GREEN : RED
        host(event.at, paint(color, describeEnd(event)))
        break
      }
      case 'run-failed':
        host(event.at, paint(RED, `FAILED: ${plainLines(event.message)}`))
        break
      case 'artefact':
        // The user reads the last lines first.
        if (event.what === 'evidence') evidence.push(`evidence of ${event.test}: ${event.path}`)
        break
      case 'run-end':
        for (const text of evidence) host(event.at, text)
        for (const text of kernelLines(record.run)) host(event.at, text)
        for (const text of ending()) host(event.at, text)
        host(event.at, `Total time: ${event.seconds} s${event.left ? `. ${event.left}` : ''}`)
        break
    }
  }
  /** Nothing for a single passed test: its own line said so. */
  const ending = (): readonly string[] => {
    const { run } = record
    const { verdict, planned, tests, skipped, reports } = run
    const isTold = verdict === 'passed' && planned.length === 1 && tests.length === 1 && skipped.length === 0
    const [first = '', ...rest] = describeOutcome(run)
    const color = verdict !== 'passed' ? RED : tests.some(isFlaky) ? YELLOW : GREEN
    return [...(isTold ? [] : [paint(color, first), ...rest]), ...reports]
  }
  return { name: 'summary', on }
}

/** The verdicts of a run on several kernels, in a column for each. */
function kernelLines(run: RunRecord): readonly string[] {
  const table = kernelTable(run)
  if (!table) return []
  const rows = table.rows.map(({ test, verdicts }) => [test, ...verdicts.map(verdict => verdict.replace(' ', '-'))])
  const heading = ['kernel', ...table.kernels.map(kernelHeading)]
  return alignColumns([heading, ...rows])
    .trimEnd()
    .split('\n')
}

/** Local time of day, `HH:MM:SS`. */
const clock = (at: number): string => new Date(at).toTimeString().slice(0, 8)
