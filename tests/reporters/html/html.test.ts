import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import type { RunEvent } from '../../../scripts/events/events.ts'
import { conformance } from '../fixtures/conformance.ts'
import { dataOf, directory, report } from './report.ts'
import { simulatedRun, simulatedTest } from './simulated-run.ts'

const AT = 1_700_000_000_000
const END = { at: AT + 60_000, type: 'run-end', failures: [], seconds: 60, left: undefined } as const

test('contains verdict, failed step, node and reason, also without scripts', async t => {
  const text = await report(path.join(directory(t), 'r.html'), simulatedRun({ nodes: 2, pods: 2, cut: 'vm-002-ns01' }))
  const { verdict, tests } = dataOf(text)
  t.is(verdict, 'failed')
  const failed = tests[0]?.steps.at(-1)?.nodes.filter(({ failure }) => failure)
  t.deepEqual(
    failed?.map(({ node, failure }) => [node, failure?.why]),
    [[1, 'vm-002-ns01 does not answer']],
  )
  t.regex(text, /<title>failed: L3/)
  t.regex(text, /<noscript>\s*<h1>failed<\/h1>[\s\S]*matrix on vm-002: vm-002-ns01 does not answer[\s\S]*<\/noscript>/)
})

test('reports a passed run without failures', async t => {
  const { verdict, tests } = dataOf(
    await report(path.join(directory(t), 'r.html'), simulatedRun({ nodes: 2, pods: 2 })),
  )
  t.is(verdict, 'passed')
  t.deepEqual(
    tests.flatMap(({ steps }) => steps.flatMap(({ nodes }) => nodes.filter(({ failure }) => failure))),
    [],
  )
})

test('escapes output of nodes, and the policy allows only the page itself', async t => {
  const evil = '</script><script>alert(1)</script><!--<script>\u001b[31m\u0000\u2028]]>'
  const id = { test: 'L3', step: evil, index: 1 }
  const events: RunEvent[] = [
    { at: AT, type: 'run-start', tests: ['L3'] },
    {
      at: AT,
      type: 'test-start',
      test: 'L3',
      summary: evil,
      settings: [{ name: evil, value: evil, origin: 'option' }],
    },
    { at: AT, type: 'step-start', ...id, nodes: [evil] },
    { at: AT, type: 'output', ...id, node: evil, stream: 'stdout', line: evil },
    { at: AT, type: 'evidence', test: 'L3', node: evil, subject: evil, what: evil, text: evil },
    { at: AT, type: 'artefact', test: 'L3', path: `/x/${evil}` },
    {
      at: AT,
      type: 'step-end',
      ...id,
      node: evil,
      milliseconds: 1,
      failure: { ...id, node: evil, why: evil, lastLines: [evil] },
    },
    { at: AT, type: 'test-end', test: 'L3', verdict: 'failed', why: evil },
    { at: AT, type: 'run-failed', message: evil },
    { ...END, verdict: 'failed', left: evil },
  ]
  const text = await report(path.join(directory(t), 'r.html'), events)
  t.false(text.includes('<script>alert'))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  t.is(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.exec(text), null)
  const scripts = [...text.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script]) => script ?? '')
  t.is(scripts.length, 1)
  const digest = createHash('sha256')
    .update(scripts[0] ?? '')
    .digest('base64')
  t.true(text.includes(`content="default-src 'none'; script-src 'sha256-${digest}'; style-src 'sha256-`))
  t.is(
    dataOf(text).message,
    '</script><script>alert(1)</script><!--<script>]]>',
    'a line separator is none of the text',
  )
})

test('keeps the verdicts of a CNI network whose evidence is too large, and says what it omits', async t => {
  const text = randomBytes(5_000_000).toString('hex')
  const [first, ...others] = conformance.checks
  if (!first) return t.fail()
  const large = { ...first, evidence: [{ type: 'kernel', what: 'network of bench-1', text }] } as const
  const run = (checks: typeof conformance.checks): RunEvent[] => [
    { at: AT, type: 'run-start', tests: ['cni'] },
    { at: AT, type: 'test-start', test: 'cni', summary: '', settings: [] },
    { at: AT, type: 'conformance', test: 'cni', conformance: { ...conformance, checks } },
    { at: AT, type: 'test-end', test: 'cni', verdict: 'failed', why: 'DEL twice' },
    { ...END, verdict: 'failed' },
  ]
  const of = async (checks: typeof conformance.checks) =>
    dataOf(await report(path.join(directory(t), 'r.html'), run(checks)))
  const found = await of([large, ...others])
  const { checks, evidence } = found.tests[0]?.conformance ?? {}
  t.is(evidence, undefined)
  t.deepEqual(
    checks?.map(({ name, word }) => `${name}: ${word}`),
    [
      'ADD succeeds: passed',
      'DEL twice: violates MUST',
      'DEL leaves nothing: violates SHOULD',
      'GC calls IPAM: skipped',
    ],
  )
  t.deepEqual(found.omissions, ['evidence of the checks of 1 network (--reporter cni=<file>.json has it)'])
  const usual = await of(conformance.checks)
  t.truthy(usual.tests[0]?.conformance?.evidence)
  t.deepEqual(usual.omissions, [])
})

test('reports an interrupted run until its end', async t => {
  const events = [...simulatedRun({ nodes: 2, pods: 2 })]
  const cut = events.findIndex(event => event.type === 'step-end' && event.index === 3)
  const file = path.join(directory(t), 'r.html')
  const said = await report(file, [...events.slice(0, cut), { ...END, verdict: 'interrupted' }])
  const { verdict, tests } = dataOf(said)
  t.deepEqual([verdict, tests[0]?.verdict], ['interrupted', 'interrupted'])
  t.deepEqual(
    tests[0]?.steps.at(-1)?.nodes.map(({ milliseconds }) => milliseconds),
    [undefined, undefined],
  )
  // Without the event run-end.
  t.is(dataOf(await report(file, events.slice(0, cut))).verdict, 'interrupted')
})

test('reports a pass on a retry as flaky, with both attempts', async t => {
  const turn = { repeat: 1, attempts: 3 }
  const events: RunEvent[] = [
    { at: AT, type: 'run-start', tests: ['L3'] },
    ...simulatedTest('L3', AT, { nodes: 2, pods: 1, cut: 'vm-001-ns01', turn: { ...turn, attempt: 1 }, retried: true }),
    ...simulatedTest('L3', AT + 20_000, { nodes: 2, pods: 1, turn: { ...turn, attempt: 2 } }),
    { ...END, verdict: 'passed' },
  ]
  const { tests } = dataOf(await report(path.join(directory(t), 'r.html'), events))
  t.deepEqual(
    tests.map(({ verdict, attempt, attempts, retried }) => [verdict, attempt, attempts, retried]),
    [
      ['failed', 1, 2, true],
      ['flaky', 2, 2, false],
    ],
  )
})

test('does not report repeats as flaky if one fails', async t => {
  const turn = { attempt: 1, attempts: 1 }
  const events: RunEvent[] = [
    { at: AT, type: 'run-start', tests: ['L3'] },
    ...simulatedTest('L3', AT, { nodes: 2, pods: 1, cut: 'vm-001-ns01', turn: { ...turn, repeat: 1 } }),
    ...simulatedTest('L3', AT + 20_000, { nodes: 2, pods: 1, turn: { ...turn, repeat: 2 } }),
    { ...END, verdict: 'failed' },
  ]
  const { tests } = dataOf(await report(path.join(directory(t), 'r.html'), events))
  t.deepEqual(
    tests.map(({ verdict, repeat, repeats }) => [verdict, repeat, repeats]),
    [
      ['failed', 1, 2],
      ['passed', 2, 2],
    ],
  )
})

test('reports why tests were skipped or not run', async t => {
  const events: RunEvent[] = [
    { at: AT, type: 'run-start', tests: ['cni_bridge', 'L3', 'L2'] },
    { at: AT, type: 'test-skipped', test: 'cni_bridge', why: 'no plugins' },
    ...simulatedTest('L3', AT, { nodes: 1, pods: 2, cut: 'vm-001-ns01' }),
    { ...END, verdict: 'failed' },
  ]
  const { tests } = dataOf(await report(path.join(directory(t), 'r.html'), events))
  t.deepEqual(
    tests.map(({ name, verdict }) => [name, verdict]),
    [
      ['cni_bridge', 'skipped'],
      ['L3', 'failed'],
      ['L2', 'skipped'],
    ],
  )
  t.is(tests[0]?.why, 'no plugins')
  t.is(tests[2]?.why, 'the run ended before this test')
})

test('lists a test once that is skipped after its start', async t => {
  const begun = { at: AT, type: 'test-start', test: 'L2', summary: 'one', settings: [] } as const
  const events: readonly RunEvent[] = [
    { at: AT, type: 'run-start', tests: ['L2', 'L3'] },
    begun,
    { at: AT + 1, type: 'test-skipped', test: 'L2', why: 'no kernel module' },
    { ...begun, at: AT + 2, test: 'L3' },
    { at: AT + 3, type: 'test-end', test: 'L3', verdict: 'passed', why: undefined },
    { at: AT + 4, type: 'run-end', verdict: 'passed', failures: [], seconds: 1, left: undefined },
  ]
  const { tests } = dataOf(await report(path.join(directory(t), 'report.html'), events))
  t.deepEqual(
    tests.map(({ name, verdict, why }) => [name, verdict, why]),
    [
      ['L2', 'skipped', 'no kernel module'],
      ['L3', 'passed', undefined],
    ],
  )
})

test('links to the artifacts', async t => {
  const made = directory(t)
  const events: RunEvent[] = [
    { at: AT, type: 'run-start', tests: ['L3'] },
    { at: AT, type: 'test-start', test: 'L3', summary: '', settings: [] },
    { at: AT, type: 'artefact', test: 'L3', path: path.join(made, 'results of #1', 'L3') },
    { ...END, verdict: 'passed' },
  ]
  fs.mkdirSync(path.join(made, 'reports'))
  const { tests } = dataOf(await report(path.join(made, 'reports', 'r.html'), events))
  t.deepEqual(
    tests[0]?.artefacts.map(({ what, href }) => [what, href]),
    [['results', '../results%20of%20%231/L3']],
  )
})

/** Incompressible output. */
function* noise(events: Iterable<RunEvent>): Generator<RunEvent> {
  let seed = 1
  const word = () => {
    seed = Math.imul(seed, 1664525) + 1013904223
    return (seed >>> 0).toString(36)
  }
  for (const event of events)
    yield event.type === 'output' ? { ...event, line: Array.from({ length: 20 }, word).join('') } : event
}

test('stays below five megabytes for a hundred nodes and incompressible logs, and reports omissions', async t => {
  const file = path.join(directory(t), 'r.html')
  const text = await report(file, noise(simulatedRun({ nodes: 100, pods: 4, cut: 'vm-042-ns03', lines: 300 })))
  t.log(`${Buffer.byteLength(text)} bytes`)
  t.true(Buffer.byteLength(text) < 5_000_000)
  const { omissions, tests } = dataOf(text)
  t.regex(omissions.join(), /lines of the log/)
  t.truthy(tests[0]?.matrix?.ranges)
})
