import { randomUUID } from 'node:crypto'
import type { Listener, RunEvent } from '../../events/events.ts'
import { describeEnd, describeFlaky, failuresOf, isFlaky, pointersOf, reasonsOf } from '../../events/outcomes.ts'
import type { TestRecord } from '../../events/record.ts'
import { recorder } from '../../events/recorder.ts'
import { plainText } from '../../host/text.ts'
import { describeFailedStep, newLines } from '../failed-step.ts'
import type { Output } from '../output.ts'
import { command } from './commands.ts'
import { stepSummary } from './step-summary.ts'

/** GitHub shows ten of a kind per step; the tenth is the total. */
const MOST_ANNOTATIONS = 9

/**
 * Reports to GitHub Actions: a group of lines for each test, annotations for failures, and the summary of the step.
 * @param summaryFile `$GITHUB_STEP_SUMMARY`, if set
 */
export function github(output: Output, summaryFile: { append(text: string): void } | undefined): Listener {
  const record = recorder({ head: 0, tail: 0 })
  // Disables commands in the untrusted output of nodes, which is shown beside this.
  const token = randomUUID()
  const ours = (text: string) => output.write(`::${token}::\n${text}::stop-commands::${token}\n`)
  let annotations = 0
  const endTest = (test: TestRecord) => {
    const problems = test.retried ? [] : problemsOf(test)
    const shown = problems.slice(0, Math.max(0, MOST_ANNOTATIONS - annotations))
    annotations += problems.length
    const { file } = test
    const errors = shown.map(({ title, lines, location }) =>
      command('error', lines.join('\n'), { file, ...placeIn(location), title }),
    )
    const flaky = isFlaky(test) ? command('warning', describeEnd(test), { file, title: `${test.test} is flaky` }) : ''
    ours(`${command('group', describeEnd(test))}${linesOf(test)}${command('endgroup', '')}${errors.join('')}${flaky}`)
  }
  const on = (event: RunEvent) => {
    record.on(event)
    if (event.type === 'run-start') output.write(`::stop-commands::${token}\n`)
    if (event.type === 'test-end') endTest(record.run.tests.at(-1) as TestRecord)
  }
  const close = async () => {
    const { run } = record
    const flaky = describeFlaky(run)
    const lines = [
      `${run.verdict} in ${run.seconds} s${run.message ? `: ${run.message}` : ''}`,
      ...(annotations > MOST_ANNOTATIONS
        ? [`${annotations} failures; the first ${MOST_ANNOTATIONS} are annotated`]
        : []),
      ...(flaky ? [flaky] : []),
      ...(run.left ? [run.left] : []),
    ]
    const level = run.verdict === 'passed' ? 'notice' : 'error'
    output.write(`::${token}::\n${command(level, lines.join('\n'), { title: 'xcluster-netns' })}`)
    summaryFile?.append(stepSummary(run))
  }
  return { name: 'github', on, close }
}

interface Problem {
  readonly title: string
  readonly lines: readonly string[]
  readonly location?: string | undefined
}

/** `policy.test.ts:12:5` as properties of an annotation. */
function placeIn(location = ''): { readonly file?: string; readonly line?: string } {
  const [, file, line] = /^(.*):(\d+):\d+$/.exec(location) ?? []
  return file && line ? { file, line } : {}
}

/** The annotations of a test: failures on each node, or why the test did not start its steps. */
function problemsOf(test: TestRecord): readonly Problem[] {
  const problems = failuresOf(test).map(failure => ({
    title: `${failure.test}: ${failure.step} on ${failure.node}`,
    location: failure.location,
    lines: [describeFailedStep(failure), ...reasonsOf(test), ...newLines(failure), ...evidenceOf(test, failure.node)],
  }))
  if (problems.length > 0 || test.verdict === 'passed') return problems
  return [{ title: `${test.test}: ${test.verdict}`, lines: [`${test.test}: ${test.why ?? test.verdict}`] }]
}

const evidenceOf = (test: TestRecord, node: string): readonly string[] => [
  ...test.evidence.filter(each => each.node === node).map(({ subject, what }) => `evidence: ${what} of ${subject}`),
  ...pointersOf(test),
]

/** The group of a test: the outcome of each step on each node. */
function linesOf(test: TestRecord): string {
  const steps = test.steps.flatMap(({ step, index, nodes }) =>
    [...nodes.values()].map(({ node, verdict, milliseconds, failure, note }) => {
      const reason = failure?.why ?? note
      const why = reason === undefined ? '' : `: ${reason}`
      return `${index} ${step} on ${node}: ${verdict} in ${(milliseconds / 1000).toFixed(2)} s${why}`
    }),
  )
  const matrix = test.matrix ? [`matrix: ${test.matrix}`] : []
  return [...steps, ...matrix].map(line => `${escapeCommands(plainText(line))}\n`).join('')
}

/** Escapes commands, also of the older format: they are enabled within our own group. */
const escapeCommands = (line: string): string => line.replace(/^\s*::/, '> ::').replaceAll('##[', '# #[')
