import path from 'node:path'
import test from 'ava'
import { XMLParser } from 'fast-xml-parser'
import { Parser } from 'tap-parser'
import type { RunEvent } from '../../scripts/events/events.ts'
import { github } from '../../scripts/reporters/github/github.ts'
import { json } from '../../scripts/reporters/json.ts'
import { junit } from '../../scripts/reporters/junit.ts'
import { log } from '../../scripts/reporters/log.ts'
import { results } from '../../scripts/reporters/results.ts'
import { summary } from '../../scripts/reporters/summary.ts'
import { tap } from '../../scripts/reporters/tap.ts'
import { conforms } from '../schema.ts'
import { checked } from './fixtures/checks.ts'
import { play } from './fixtures/runs.ts'
import { dataOf, directory, report } from './html/report.ts'

test('JUnit has a case for each check, with its verdict', async t => {
  const text = await play(checked, junit)
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' })
  const { testsuite } = parser.parse(text).testsuites
  t.like(testsuite, { tests: '5', failures: '2', errors: '0', skipped: '1' })
  const of = (name: string) =>
    testsuite.testcase.find((each: { name: string }) => each.name.includes(` ${name} on host`))
  t.is(of('ADD').failure, undefined)
  t.regex(of('DEL twice').failure.message, /exited with status 1 \(my\/cni\.test\.ts:12:5\)$/)
  t.deepEqual(of('GC').skipped, { message: 'no GC before 1.1' })
  t.regex(of('CHECK')['system-out'], /^warning: SHOULD name the # interface/)
})

test('TAP nests checks in their step, and skips one with its reason', async t => {
  const text = await play(checked, tap)
  const points: { name: string; ok: boolean; skip: unknown; depth: number }[] = []
  const listen = (parser: Parser, depth: number) => {
    parser.on('assert', ({ name, ok, skip }) => points.push({ name, ok, skip, depth }))
    parser.on('child', (child: Parser) => listen(child, depth + 1))
  }
  let isValid = false
  const parser = new Parser({ strict: true }, final => {
    isValid = final.plan.end === 1 && final.failures.every(each => 'name' in each)
  })
  listen(parser, 0)
  parser.end(text)
  t.true(isValid, text)
  const at = (name: string) => points.find(each => each.name === name && each.depth === 2)
  t.like(at('ADD'), { ok: true, skip: false })
  t.like(at('DEL twice'), { ok: false })
  t.like(at('GC'), { ok: true, skip: 'no GC before 1.1' })
  t.like(at('CHECK'), { ok: true, skip: false })
  t.regex(text, /severity: warning/)
})

test('the summary has a line for each check, those that failed with their place', async t => {
  const text = await play(checked, output => summary(output, { color: false }))
  t.regex(text, /TEST CASE: ADD: ok, 0\.0 s/)
  t.regex(text, /TEST CASE: GC: skipped: no GC before 1\.1/)
  t.regex(text, /TEST CASE: CHECK: warning: SHOULD name the # interface/)
  t.regex(text, /TEST CASE: DEL twice: FAILED/)
  t.regex(text, /FAILED: cni: DEL twice on host: exited with status 1 \(my\/cni\.test\.ts:12:5\)/)
})

test('the log names checks in one word, and has reasons', async t => {
  const text = await play(checked, log)
  t.regex(text, / host cni\/DEL_twice - FAILED: exited with status 1 \(my\/cni\.test\.ts:12:5\) /)
  t.regex(text, / host cni\/GC - skipped: no GC before 1\.1 /)
})

test('every event conforms to the schema', async t => {
  const lines = (await play(checked, json)).trim().split('\n')
  for (const line of lines) conforms(t, 'event', JSON.parse(line))
  t.is(lines.length, checked.length)
})

test('results.json has verdicts and reasons of checks', async t => {
  const value = JSON.parse(await play(checked, results))
  conforms(t, 'results', value)
  const steps = value.tests[0].steps.map((step: { step: string; within?: number; nodes: { verdict: string }[] }) => [
    step.step,
    step.within,
    step.nodes[0]?.verdict,
  ])
  t.deepEqual(steps, [
    ['conformance', undefined, 'failed'],
    ['ADD', 1, 'passed'],
    ['DEL twice', 1, 'failed'],
    ['GC', 1, 'skipped'],
    ['CHECK', 1, 'warning'],
  ])
})

test('the HTML report has the reasons of checks that were skipped or have a warning', async t => {
  const events = checked.map(event => ({ at: 1_700_000_000_000, ...event }) as RunEvent)
  const { tests } = dataOf(await report(path.join(directory(t), 'r.html'), events))
  const notes = tests[0]?.steps.map(({ name, nodes }) => [name, nodes[0]?.failure?.why ?? nodes[0]?.note])
  t.deepEqual(notes, [
    ['conformance', 'DEL twice failed (my/cni.test.ts:12:5)'],
    ['ADD', undefined],
    ['DEL twice', 'exited with status 1 (my/cni.test.ts:12:5)'],
    ['GC', 'skipped: no GC before 1.1'],
    ['CHECK', 'warning: SHOULD name the # interface'],
  ])
})

test('GitHub annotates the line of the test that failed', async t => {
  const text = await play(checked, output => github(output, undefined))
  t.regex(text, /::error file=my\/cni\.test\.ts,line=12,title=cni%3A DEL twice on host::/)
  t.regex(text, /4 GC on host: skipped in 0\.02 s: no GC before 1\.1/)
})
