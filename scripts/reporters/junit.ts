import { createCB } from 'xmlbuilder2'
import type { FailedStep, Listener, RunEvent } from '../events/events.ts'
import { attemptName, failuresOf, isFlaky, notRun, pointersOf, reasonsOf } from '../events/outcomes.ts'
import type { NodeRecord, StepRecord, TestRecord } from '../events/record.ts'
import { recorder } from '../events/recorder.ts'
import { xmlText } from '../host/text.ts'
import { describeFailedStep, newLines } from './failed-step.ts'
import type { Output } from './output.ts'

/** Characters per node and step: GitLab reads 30 MB, which must hold the steps of a hundred nodes. */
const OUTPUT = { head: 16 * 1024, tail: 48 * 1024 }
/** Characters per piece of evidence. */
const EVIDENCE = 64 * 1024
/** Prefix of class names: readers show all tests below it in their tree. */
const PACKAGE = 'netns'

type Xml = ReturnType<typeof createCB>

/**
 * Writes JUnit XML in the common subset of GitLab, Jenkins and GitHub's readers: a `testsuite` for each repeat of a
 * test, in it a uniquely named `testcase` for each step on each node, with its output as `system-out`. Retried failures
 * are `flakyFailure` or `rerunFailure`, as in Maven's Surefire.
 */
export function junit(output: Output): Listener {
  const record = recorder(OUTPUT)
  const xml = createCB({
    data: (text: string) => output.write(text),
    error: (error: Error) => {
      throw error
    },
    prettyPrint: true,
  })
  xml.dec({ encoding: 'UTF-8' }).ele('testsuites', { name: 'xcluster-netns' })
  let written = 0
  /** One suite for all attempts of a test. */
  const writeRest = () => {
    const attempts = record.run.tests.slice(written)
    written += attempts.length
    if (attempts.length > 0) writeSuite(xml, attempts)
    for (const { steps } of attempts) steps.length = 0
  }
  const on = (event: RunEvent) => {
    record.on(event)
    if (event.type === 'test-end' && !event.retried) writeRest()
  }
  const close = async () => {
    writeRest()
    const { skipped, message = 'the run ended early' } = record.run
    for (const { test, why } of skipped) writeSkipped(xml, test, why)
    for (const test of notRun(record.run)) writeSkipped(xml, test, `not run: ${message}`)
    xml.up().end()
    output.write('\n')
  }
  return { name: 'junit', on, close }
}

/** A step on a node. */
interface Case {
  readonly name: string
  readonly milliseconds: number
  readonly problem?: {
    readonly element: string
    readonly type: string
    readonly message: string
    readonly text: readonly string[]
  }
  readonly output: readonly string[]
}

function writeSuite(xml: Xml, attempts: readonly TestRecord[]): void {
  const last = attempts.at(-1) as TestRecord
  const cases = [...attempts.slice(0, -1).flatMap(attempt => casesOfRetried(attempt, isFlaky(last))), ...casesOf(last)]
  const count = (element: string) => cases.filter(({ problem }) => problem?.element === element).length
  const begun = (attempts[0] as TestRecord).begun
  const { test, file, settings, components } = last
  xml.ele('testsuite', {
    name: xmlText([nameOf(last)]),
    ...(file && { file }),
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: seconds(last.ended - begun),
    timestamp: new Date(begun).toISOString().replace(/\.\d+Z$/, 'Z'),
  })
  xml.ele('properties')
  const property = (name: string, value: string) =>
    xml.ele('property', { name: xmlText([name]), value: xmlText([value]) }).up()
  property('verdict', isFlaky(last) ? 'flaky' : last.verdict)
  for (const { name, value } of settings) property(name, value)
  for (const { name, version, digest = '' } of components) property(name, version ?? digest)
  xml.up()
  for (const each of cases) writeCase(xml, each, test, file)
  xml.up()
}

const namesOf = (name: string, test: string, file: string | undefined) => ({
  name: xmlText([name]),
  classname: xmlText([`${PACKAGE}.${test}`]),
  ...(file && { file }),
})

function writeCase(
  xml: Xml,
  { name, milliseconds, problem, output }: Case,
  test: string,
  file: string | undefined,
): void {
  xml.ele('testcase', { ...namesOf(name, test, file), time: seconds(milliseconds) })
  if (problem) {
    const { element, type, message, text } = problem
    xml.ele(element, { message: xmlText([message]), ...(element !== 'skipped' && { type }) })
    const body = xmlText([message, ...text])
    // Surefire's format for failures that do not count.
    if (element === 'skipped') {
      // Readers expect no text.
    } else if (/^(flaky|rerun)/.test(element)) xml.ele('stackTrace').txt(body).up()
    else xml.txt(body)
    xml.up()
  }
  if (output.length > 0) xml.ele('system-out').txt(xmlText(output)).up()
  xml.up()
}

function writeSkipped(xml: Xml, test: string, why: string): void {
  xml.ele('testsuite', { name: xmlText([test]), tests: 1, failures: 0, errors: 0, skipped: 1, time: seconds(0) })
  xml.ele('testcase', { ...namesOf(test, test, undefined), time: seconds(0) })
  xml.ele('skipped', { message: xmlText([why.replaceAll('\n', ' ')]) }).up()
  xml.up().up()
}

function casesOf(test: TestRecord): readonly Case[] {
  const name = nameOf(test)
  const cases = test.steps.flatMap(step =>
    [...step.nodes.values()].map(node => ({
      ...caseOf(name, step, node),
      ...problemOf(test, node),
      output: outputOf(test, node),
    })),
  )
  const hasProblem = cases.some(({ problem }) => problem && problem.element !== 'skipped')
  if (test.verdict === 'passed' || hasProblem) return cases
  const message = `${test.test}: ${test.why ?? test.verdict}`.replaceAll('\n', ' ')
  const problem = { element: 'error', type: test.verdict, message, text: [test.cluster ?? 'its cluster did not start'] }
  return [...cases, { name: `${name}: cluster`, milliseconds: test.ended - test.begun, problem, output: [] }]
}

/** Without the attempt: readers compare runs by names. */
const nameOf = ({ test, turn }: TestRecord) => attemptName(test, { ...turn, attempt: 1 })

/** The failures of a retried attempt, under their own names. */
function casesOfRetried(test: TestRecord, isFlaky: boolean): readonly Case[] {
  const [element, outcome] = isFlaky ? ['flakyFailure', 'FLAKY: passed when'] : ['rerunFailure', 'was']
  return casesOf(test).flatMap(({ problem, output, name, milliseconds }) => {
    if (!problem || problem.element === 'skipped') return []
    const outputLines = [`${problem.message}; ${outcome} retried`, ...output]
    return [
      {
        name: `${name}, attempt ${test.turn.attempt}`,
        milliseconds,
        problem: { ...problem, element },
        output: outputLines,
      },
    ]
  })
}

const caseOf = (test: string, { index, step }: StepRecord, { node, milliseconds }: NodeRecord) => ({
  name: `${test}: ${index} ${step} on ${node}`,
  milliseconds,
})

function problemOf(test: TestRecord, { verdict, failure, node, note = '' }: NodeRecord): Pick<Case, 'problem'> {
  if (verdict === 'passed' || verdict === 'warning') return {}
  if (verdict === 'skipped')
    return { problem: { element: 'skipped', type: verdict, message: note.replaceAll('\n', ' '), text: [] } }
  if (failure) {
    const element = verdict === 'broken' ? 'error' : 'failure'
    return {
      problem: {
        element,
        type: verdict,
        message: describeFailedStep(failure),
        text: [...reasonsOf(test), ...newLines(failure), ...pointersOf(test)],
      },
    }
  }
  // Unfinished when the test ended.
  const message = `${test.test}: not finished on ${node}: ${test.why ?? test.verdict}`.replaceAll('\n', ' ')
  return { problem: { element: 'error', type: test.verdict, message, text: pointersOf(test) } }
}

/** Evidence belongs to the failure of its node; that of other nodes to the first failure of the test. */
function outputOf(test: TestRecord, { failure, node, output, verdict, note }: NodeRecord): readonly string[] {
  if (verdict === 'warning') return [`warning: ${note}`, ...output.lines()]
  if (!failure) return output.lines()
  const failures = failuresOf(test)
  const isElsewhere = (name: string) => !failures.some((each: FailedStep) => each.node === name)
  const own = test.evidence.filter(each => each.node === node || (failures[0] === failure && isElsewhere(each.node)))
  return [
    ...output.lines(),
    ...own.flatMap(({ subject, what, text }) => [`--- ${subject}: ${what}`, ...text.slice(0, EVIDENCE).split('\n')]),
  ]
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3)
