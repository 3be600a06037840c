import fs from 'node:fs'
import { environmentFailure } from '../../errors/failure.ts'
import { type KernelVerdict, kernelHeading, kernelTable } from '../../events/kernels.ts'
import { attemptName, failuresOf, isFlaky, notRun, pointersOf, reasonsOf } from '../../events/outcomes.ts'
import type { RunRecord, TestRecord } from '../../events/record.ts'
import { reasonOf } from '../../host/files.ts'
import { escapeXml, plainText } from '../../host/text.ts'
import { describeFailedStep, newLines } from '../failed-step.ts'

/**
 * Appends to the summary file of a GitHub Actions step, to which other commands may have written.
 * @throws Failure REPORT_NOT_WRITABLE (exit 3)
 */
export function stepSummaryFile(file: string): { append(text: string): void } {
  try {
    fs.closeSync(fs.openSync(file, 'a'))
  } catch (error) {
    throw environmentFailure(
      'REPORT_NOT_WRITABLE',
      `GITHUB_STEP_SUMMARY=${file}: cannot write it: ${reasonOf(error)}`,
      {
        cause: error,
      },
    )
  }
  return { append: text => fs.appendFileSync(file, limited(text, MOST_BYTES - fs.statSync(file).size)) }
}

/** GitHub's limit for a step's summary; a larger one is not shown at all. */
export const MOST_BYTES = 1024 * 1024

/** How many failures are listed. */
const SHOWN = 50

/** The run as GitHub's Markdown, with verdict and failures first. */
export function stepSummary(run: RunRecord): string {
  const counting = run.tests.filter(({ retried }) => !retried)
  const bad = run.tests.filter(({ verdict }) => verdict !== 'passed')
  const more = bad.length > SHOWN ? `\n${bad.length - SHOWN} more are in the log.\n` : ''
  return [
    `## xcluster-netns: ${run.verdict} in ${run.seconds} s\n`,
    ...(run.message ? [`\n${code(run.message)}\n`] : []),
    ...kernelsIn(run),
    '\n| test | verdict | time | what |\n|---|---|---|---|\n',
    ...counting.map(row),
    ...run.skipped.map(({ test, why }) => `| ${code(test)} | skipped | | ${code(why)} |\n`),
    ...notRun(run).map(test => `| ${code(test)} | not run | | |\n`),
    ...bad.slice(0, SHOWN).map(details),
    more,
    ...(run.left ? [`\n${code(run.left)}\n`] : []),
  ].join('')
}

const MARKS: Readonly<Record<KernelVerdict, string>> = {
  passed: '✅',
  flaky: '⚠️',
  failed: '❌',
  broken: '💥',
  interrupted: '⏹️',
  skipped: '',
  'not run': '',
}

/** A column for each kernel of several. */
function kernelsIn(run: RunRecord): readonly string[] {
  const table = kernelTable(run)
  if (!table) return []
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  return [
    '\n',
    line(['kernel', ...table.kernels.map(kernel => code(kernelHeading(kernel)))]),
    line(['kernel', ...table.kernels].map(() => '---')),
    ...table.rows.map(({ test, verdicts }) => line([code(test), ...verdicts.map(mark)])),
  ]
}

const mark = (verdict: KernelVerdict) => `${MARKS[verdict]} ${verdict}`.trim()

/** Truncates a text to `bytes`, with a note. */
export function limited(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  const note = '\n\nThe rest is omitted: GitHub limits the size.\n'
  const room = bytes - Buffer.byteLength(note)
  if (room <= 0) return ''
  // An unclosed tag would swallow the note.
  const kept = Buffer.from(text).subarray(0, room).toString()
  return `${kept.slice(0, Math.max(0, kept.lastIndexOf('\n<details>')))}${note}`
}

function row(test: TestRecord): string {
  const time = `${((test.ended - test.begun) / 1000).toFixed(1)} s`
  const verdict = isFlaky(test) ? 'flaky' : test.verdict
  const name = code(attemptName(test.test, test.turn))
  return `| ${name} | ${mark(verdict)} | ${time} | ${code(test.why ?? test.summary)} |
`
}

function details(test: TestRecord): string {
  const failures = failuresOf(test)
  const lines = [
    ...reasonsOf(test),
    ...failures.flatMap(failure => [describeFailedStep(failure), ...newLines(failure).map(line => `    ${line}`)]),
    ...(failures.length === 0 ? [test.why ?? test.verdict] : []),
    ...(test.matrix ? [`matrix: ${test.matrix}`] : []),
    ...test.evidence.map(({ subject, what }) => `evidence: ${what} of ${subject}`),
    ...pointersOf(test),
  ]
  // A blank line would end the block of HTML.
  const body = escapeXml(lines.map(plainText).filter(Boolean).join('\n'))
  const title = `${code(attemptName(test.test, test.turn))}: ${test.verdict}`
  return `\n<details><summary>${title}</summary>\n<pre>${body}</pre>\n</details>\n`
}

/** Characters with a meaning in Markdown, also within tags. */
const MARKDOWN = /[\\`*_[\]~|]/g

/** Literal text, for a line or a table. */
const code = (text: string): string => {
  const line = escapeXml(plainText(text.replaceAll('\n', ' ')))
  return `<code>${line.replace(MARKDOWN, character => `&#${character.charCodeAt(0)};`)}</code>`
}
