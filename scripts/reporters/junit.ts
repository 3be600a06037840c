import { createCB } from 'xmlbuilder2'
import type { FailedStep, Listener, RunEvent } from '../events/events.ts'
import type { NodeRecord, StepRecord, TestRecord } from '../events/record.ts'
import { recorder } from '../events/recorder.ts'
import { attemptName, failuresOf, isFlaky, notRun, pointersOf, reasonsOf } from '../events/rules.ts'
import { xmlText } from '../host/text.ts'
import { describeFailedStep, newLines } from './failed-step.ts'
import type { Output } from './output.ts'

/** In characters, of each node in each step: GitLab reads 30 MB in all, and steps of a hundred nodes have to fit. */
const OUTPUT = { head: 16 * 1024, tail: 48 * 1024 }
/** In characters, of each piece of evidence. */
const EVIDENCE = 64 * 1024
/** In front of the test's name: readers that build a tree of class names put all tests below it. */
const PACKAGE = 'netns'

type Xml = ReturnType<typeof createCB>

/**
 * The run as JUnit XML, in the form that GitLab, Jenkins and GitHub's readers have in common: a `testsuite` for each time that a
 * test is run, in it a `testcase` for each step on each node, with a name that is unique in the document, and with its output as
 * `system-out`. What failed and was tried again is a `flakyFailure` (or `rerunFailure`), as Maven's Surefire writes it.
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
  /** All attempts of a test make one suite. */
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
    const { skipped, message = 'the run ended before' } = record.run
    for (const { test, why } of skipped) writeSkipped(xml, test, why)
    for (const test of notRun(record.run)) writeSkipped(xml, test, `not run: ${message}`)
    xml.up().end()
    output.write('\n')
  }
  return { name: 'junit', on, close }
}

/** What is said of a step on a node. */
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
    skipped: 0,
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
    xml.ele(element, { message: xmlText([message]), type })
    const body = xmlText([message, ...text])
    // Surefire's form of what does not count.
    if (/^(flaky|rerun)/.test(element)) xml.ele('stackTrace').txt(body).up()
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
  if (test.verdict === 'passed' || cases.some(({ problem }) => problem)) return cases
  const message = `${test.test}: ${test.why ?? test.verdict}`.replaceAll('\n', ' ')
  const problem = { element: 'error', type: test.verdict, message, text: [test.cluster ?? 'its cluster did not start'] }
  return [...cases, { name: `${name}: cluster`, milliseconds: test.ended - test.begun, problem, output: [] }]
}

/** The same whether it was tried again or not: readers compare runs by names. */
const nameOf = ({ test, turn }: TestRecord) => attemptName(test, { ...turn, attempt: 1 })

/** Of an attempt that does not count, what failed: under names of its own. */
function casesOfRetried(test: TestRecord, isFlaky: boolean): readonly Case[] {
  const [element, fate] = isFlaky ? ['flakyFailure', 'FLAKY: it passed when it was'] : ['rerunFailure', 'it was']
  return casesOf(test).flatMap(({ problem, output, name, milliseconds }) => {
    if (!problem) return []
    const said = [`${problem.message}; ${fate} tried again`, ...output]
    return [
      { name: `${name}, attempt ${test.turn.attempt}`, milliseconds, problem: { ...problem, element }, output: said },
    ]
  })
}

const caseOf = (test: string, { index, step }: StepRecord, { node, milliseconds }: NodeRecord) => ({
  name: `${test}: ${index} ${step} on ${node}`,
  milliseconds,
})

function problemOf(test: TestRecord, { verdict, failure, node }: NodeRecord): Pick<Case, 'problem'> {
  if (verdict === 'passed') return {}
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
  // Under way when the test ended.
  const message = `${test.test}: did not end on ${node}: ${test.why ?? test.verdict}`.replaceAll('\n', ' ')
  return { problem: { element: 'error', type: test.verdict, message, text: pointersOf(test) } }
}

/** Evidence stands with the failure of its node; that of a node where nothing failed with the first failure of the test. */
function outputOf(test: TestRecord, { failure, node, output }: NodeRecord): readonly string[] {
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
