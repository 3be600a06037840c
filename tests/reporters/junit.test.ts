import { execFileSync } from 'node:child_process'
import test from 'ava'
import fc from 'fast-check'
import { XMLParser } from 'fast-xml-parser'
import { junit } from '../../scripts/reporters/junit.ts'
import { tool } from '../needs.ts'
import { broken, failing, flaky, interrupted, play, WHERE, writing } from './fixtures/runs.ts'

interface Case {
  readonly name: string
  readonly classname: string
  readonly time: string
  readonly file?: string
  readonly failure?: { readonly message: string; readonly '#text': string }
  readonly error?: { readonly message: string; readonly type: string }
  readonly flakyFailure?: { readonly message: string; readonly stackTrace: string }
  readonly skipped?: { readonly message: string }
  readonly 'system-out'?: string
}
interface Suite {
  readonly name: string
  readonly tests: string
  readonly failures: string
  readonly errors: string
  readonly testcase: readonly Case[]
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  trimValues: false,
  parseTagValue: false,
  isArray: name => ['testsuite', 'testcase', 'property'].includes(name),
})

/** @throws Error when the document is not well-formed */
function lint(xml: string): void {
  execFileSync(tool('xmllint'), ['--noout', '--huge', '-'], { input: xml, stdio: ['pipe', 'ignore', 'pipe'] })
}

function read(xml: string): readonly Suite[] {
  lint(xml)
  return parser.parse(xml).testsuites.testsuite
}

const casesOf = (suites: readonly Suite[]) => suites.flatMap(suite => suite.testcase)

test('writes a case for each step on each node; the failing one has reason and evidence', async t => {
  const suites = read(await play(failing, junit))
  const cases = casesOf(suites)
  t.deepEqual(
    cases.map(({ name }) => name),
    [
      'bridge: 1 create on vm-001',
      'bridge: 1 create on vm-002',
      'bridge: 2 bridge_ping on vm-001',
      'bridge: 2 bridge_ping on vm-002',
      'cni_bridge',
      'L2',
    ],
  )
  const [suite] = suites
  t.like(suite, { name: 'bridge', tests: '4', failures: '1', errors: '0' })
  const failed = cases[3]
  t.like(failed, { classname: 'netns.bridge', time: '0.900', file: 'scripts/connections/bridge/definition.ts' })
  for (const word of WHERE) {
    t.true(failed?.failure?.message.includes(word), word)
    t.true(failed?.failure?.['#text'].includes(word), word)
  }
  t.true(failed?.failure?.['#text'].includes('results: /home/me/results/bridge'))
  t.true(failed?.['system-out']?.startsWith('red <&>]]>  ::error::no # TODO\n'))
  t.true(failed?.['system-out']?.includes('--- vm-002-ns03: routes\ndefault via 172.16.2.0 dev eth0'))
  t.is(cases[2]?.failure, undefined)
  t.is(cases[4]?.skipped?.message, 'there are no plugins')
  t.regex(cases[5]?.skipped?.message ?? '', /^not run: /)
})

test('reports a pass on a retry as flakyFailure, not as failure', async t => {
  const suites = read(await play(flaky, junit))
  t.is(suites.length, 1)
  t.like(suites[0], { name: 'bridge', tests: '5', failures: '0', errors: '0' })
  const [first, ...rest] = casesOf(suites)
  t.is(first?.name, 'bridge: 2 bridge_ping on vm-002, attempt 1')
  for (const word of WHERE) t.true(first?.flakyFailure?.stackTrace.includes(word), word)
  t.regex(first?.['system-out'] ?? '', /FLAKY: passed when retried\nfirst/)
  t.is(rest[3]?.['system-out'], 'second')
})

test('reports a test that failed before its first step as an error', async t => {
  const [only, ...others] = casesOf(read(await play(broken, junit)))
  t.deepEqual(others, [])
  t.is(only?.name, 'bridge: cluster')
  t.like(only?.error, { type: 'broken', message: 'bridge: vm-002 did not come up   its console is empty' })
})

test('completes the document of an interrupted run', async t => {
  const cases = casesOf(read(await play(interrupted, junit)))
  const underWay = cases.find(({ name }) => name === 'bridge: 2 bridge_ping on vm-002')
  t.like(underWay?.error, { type: 'interrupted' })
  t.regex(underWay?.error?.message ?? '', /not finished on vm-002: interrupted by SIGINT/)
  t.is(cases.find(({ name }) => name === 'L2')?.skipped?.message, 'not run: interrupted by SIGINT')
  t.is(cases.find(({ name }) => name === 'bridge: 2 bridge_ping on vm-001')?.error, undefined)
})

test('is well-formed with unique names, whatever a node writes', async t => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.uint8Array().map(bytes => Buffer.from(bytes).toString('utf8')),
    fc.constantFrom('\ud800', '\udfff', '\ufffe\uffff', ']]>', '<![CDATA[', '&#0;', '\u0085\u2028', '\u{1f600}'),
  )
  let all = ''
  await fc.assert(
    fc.asyncProperty(fc.array(anything, { minLength: 1, maxLength: 5 }), async lines => {
      const xml = await play(writing(lines), junit)
      const body = xml.slice(xml.indexOf('<testsuites'))
      const cases = casesOf(parser.parse(xml).testsuites.testsuite)
      t.is(new Set(cases.map(({ name }) => name)).size, cases.length)
      all += body
    }),
    { numRuns: 200 },
  )
  // One document for all: a process for each would take a minute.
  t.notThrows(() => lint(`<all>${all}</all>`))
  t.throws(() => lint(`<all>${all}\u0001</all>`), undefined, 'the check itself finds what is wrong')
})

test('keeps head and tail of 10 MB of output, and counts the omitted lines', async t => {
  const line = `${'x'.repeat(1023)}\u0007`
  const lines = Array.from({ length: 10_240 }, (_, index) => `${index} ${line}`)
  const xml = await play(writing(lines), junit)
  const [only] = casesOf(read(xml))
  const output = only?.['system-out'] ?? ''
  t.true(xml.length < 150_000)
  t.true(output.startsWith('0 x'))
  t.regex(output, /\n10239 x+$/)
  const kept = output.split('\n').length - 1
  t.is(kept + Number(/… (\d+) lines omitted here/.exec(output)?.[1]), lines.length)
})
