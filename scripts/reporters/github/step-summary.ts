import fs from 'node:fs'
import { environmentFailure } from '../../errors/failure.ts'
import type { RunRecord, TestRecord } from '../../events/record.ts'
import { attemptName, failuresOf, isFlaky, notRun, pointersOf, reasonsOf } from '../../events/rules.ts'
import { reasonOf } from '../../host/files.ts'
import { escapeXml, plainText } from '../../host/text.ts'
import { describeFailedStep, newLines } from '../failed-step.ts'

/**
 * The file of GitHub Actions that becomes the summary of a step. Other commands of the step may have written to it.
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

/** What GitHub takes of a step, in bytes: of more it shows nothing at all. */
export const MOST_BYTES = 1024 * 1024

/** Failures that are written out; the rest is in the other reports. */
const SHOWN = 50

/** The run as GitHub's Markdown, with the verdict and what failed first. */
export function stepSummary(run: RunRecord): string {
  const counting = run.tests.filter(({ retried }) => !retried)
  const bad = run.tests.filter(({ verdict }) => verdict !== 'passed')
  const more = bad.length > SHOWN ? `\n${bad.length - SHOWN} more are in the log.\n` : ''
  return [
    `## xcluster-netns: ${run.verdict} in ${run.seconds} s\n`,
    ...(run.message ? [`\n${code(run.message)}\n`] : []),
    '\n| test | verdict | time | what |\n|---|---|---|---|\n',
    ...counting.map(row),
    ...run.skipped.map(({ test, why }) => `| ${code(test)} | skipped | | ${code(why)} |\n`),
    ...notRun(run).map(test => `| ${code(test)} | not run | | |\n`),
    ...bad.slice(0, SHOWN).map(details),
    more,
    ...(run.left ? [`\n${code(run.left)}\n`] : []),
  ].join('')
}

/** At most so many bytes of a text, ended at a line's end, with a word that something is missing. */
export function limited(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  const note = '\n\nThe rest is left out here: GitHub takes no more.\n'
  const room = bytes - Buffer.byteLength(note)
  if (room <= 0) return ''
  // A fence or a tag that is cut open would swallow the note.
  const kept = Buffer.from(text).subarray(0, room).toString()
  return `${kept.slice(0, Math.max(0, kept.lastIndexOf('\n<details>')))}${note}`
}

function row(test: TestRecord): string {
  const time = `${((test.ended - test.begun) / 1000).toFixed(1)} s`
  const verdict = isFlaky(test) ? 'flaky' : test.verdict
  const mark = { passed: '✅', flaky: '⚠️', failed: '❌', broken: '💥', interrupted: '⏹️' }[verdict]
  return `| ${code(attemptName(test.test, test.turn))} | ${mark} ${verdict} | ${time} | ${code(test.why ?? test.summary)} |\n`
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
  return `\n<details><summary>${code(attemptName(test.test, test.turn))}: ${test.verdict}</summary>\n<pre>${body}</pre>\n</details>\n`
}

/** What Markdown would act on, also between tags. */
const MARKDOWN = /[\\`*_[\]~|]/g

/** Text as it is, in a line or in a table. */
const code = (text: string): string => {
  const line = escapeXml(plainText(text.replaceAll('\n', ' ')))
  return `<code>${line.replace(MARKDOWN, character => `&#${character.charCodeAt(0)};`)}</code>`
}
