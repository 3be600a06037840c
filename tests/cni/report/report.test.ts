import test from 'ava'
import { compareConformance } from '../../../scripts/cni/report/compare.ts'
import { readDocument, toDocument } from '../../../scripts/cni/report/document.ts'
import { changesToMarkdown, toMarkdown } from '../../../scripts/cni/report/markdown.ts'
import { conformanceLines } from '../../../scripts/cni/report/table.ts'
import type { CheckResult, Conformance } from '../../../scripts/events/conformance.ts'
import { conforms, schemaNamed } from '../../schema.ts'

const check = (name: string, verdict: CheckResult['verdict'], more: Partial<CheckResult> = {}): CheckResult => ({
  ...{ name, verdict, level: 'MUST', section: '2', expects: 'works', node: 'vm-001', milliseconds: 1, evidence: [] },
  ...more,
})

const CALL = {
  type: 'call' as const,
  ...{ operation: 'DEL', plugin: 'bridge', environment: { CNI_COMMAND: 'DEL' }, input: '{}' },
  ...{ status: 1, stdout: '', stderr: 'x', milliseconds: 2 },
}

const RESULTS: Conformance = {
  ...{ network: 'net', file: 'my.conflist', cniVersion: '1.0.0', plugins: ['bridge (host-local)', 'portmap'] },
  checks: [
    check('ADD succeeds', 'passed'),
    check('DEL twice', 'failed', { why: 'the plugin bridge | failed\nwith *this*', evidence: [CALL] }),
    check('DEL leaves nothing', 'warning', { level: 'SHOULD', why: 'veth1 is left' }),
    ...['a', 'b', 'c', 'd'].map(name => check(`GC ${name}`, 'skipped', { why: 'no GC' })),
  ],
}

test('prints what was violated, and why checks were skipped, in lines', t => {
  t.deepEqual(conformanceLines(RESULTS), [
    'network net, CNI 1.0.0, bridge (host-local) + portmap: 1 passed, 1 violation of a MUST, 1 of a SHOULD, 4 skipped',
    '  violates MUST   §2  DEL twice           the plugin bridge | failed with *this*',
    '  violates SHOULD §2  DEL leaves nothing  veth1 is left',
    '  skipped: no GC: GC a, GC b, GC c and 1 more',
  ])
})

test('writes a table in Markdown, and escapes the text of plugins', t => {
  const lines = toMarkdown(RESULTS).split('\n')
  t.is(lines.length, 5 + RESULTS.checks.length)
  t.is(lines[5], '| ❌ | DEL twice | MUST | 2 | the plugin bridge \\| failed with \\*this\\* |')
})

test('writes documents that conform to the published schema, and reads them', t => {
  const text = toDocument([RESULTS])
  conforms(t, 'cni', JSON.parse(text))
  t.false(schemaNamed('cni')({ version: 1, networks: [{ ...RESULTS, checks: [{}] }] }))
  t.deepEqual(readDocument(text, 'f'), [RESULTS])
  const event = { at: 1, type: 'conformance', test: 'cni', conformance: RESULTS }
  conforms(t, 'event', event)
  for (const other of ['{', '{"version":2,"networks":[]}'])
    t.like(
      t.throws(() => readDocument(other, 'f')),
      { code: 'BAD_CONFORMANCE', exitCode: 2 },
    )
})

test('compares results check by check', t => {
  const now: Conformance = {
    ...RESULTS,
    checks: [
      check('ADD succeeds', 'failed', { why: 'broken now' }),
      check('DEL twice', 'passed'),
      check('DEL leaves nothing', 'warning', { level: 'SHOULD', why: 'another is left' }),
      check('STATUS when ready', 'passed'),
    ],
  }
  const changes = compareConformance(RESULTS, now)
  t.deepEqual(
    changes.map(({ name, kind }) => [name, kind]),
    [
      ['ADD succeeds', 'broken'],
      ['DEL twice', 'fixed'],
      ['STATUS when ready', 'other'],
      ...['a', 'b', 'c', 'd'].map(name => [`GC ${name}`, 'other']),
    ],
  )
  t.regex(changesToMarkdown(changes), /\| broken \| ADD succeeds \| passed \| violates MUST \| broken now \|/)
  t.true(conformanceLines({ ...now, changes }).includes('  fixed: DEL twice: violates MUST, now passed'))
  t.deepEqual(compareConformance(RESULTS, RESULTS), [])
})
