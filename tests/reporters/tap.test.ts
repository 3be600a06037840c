import test from 'ava'
import fc from 'fast-check'
import { type FinalResults, Parser } from 'tap-parser'
import { tap } from '../../scripts/reporters/tap.ts'
import { broken, failing, flaky, interrupted, play, WHERE, writing } from './fixtures/runs.ts'

interface Point {
  readonly path: readonly string[]
  readonly ok: boolean
  readonly diag: Record<string, unknown> | null
  readonly todo: string | boolean
  readonly skip: string | boolean
}

/** All points of a TAP stream with the names of their subtests, and the parser's result. */
function read(text: string): { points: readonly Point[]; results: FinalResults; bailout: string | undefined } {
  const points: Point[] = []
  let bailout: string | undefined
  const listen = (parser: Parser, path: readonly string[]) => {
    parser.on('assert', ({ ok, name, diag, todo, skip }) =>
      points.push({ path: [...path, name], ok, diag, todo, skip }),
    )
    parser.on('child', (child: Parser) => listen(child, [...path, child.name]))
  }
  let results: FinalResults | undefined
  const parser = new Parser({ strict: true }, final => {
    results = final
  })
  listen(parser, [])
  parser.on('bailout', (reason: string) => {
    bailout = reason
  })
  parser.end(text)
  if (!results) throw new Error('no results')
  return { points, results, bailout }
}

test('writes a point for each step on each node; the failing one has reason and evidence', async t => {
  const text = await play(failing, tap)
  t.true(text.startsWith('TAP version 14\n'))
  const { points, results } = read(text)
  t.false(results.ok)
  t.is(results.plan.end, 3)
  t.deepEqual(
    results.failures.map(each => ('name' in each ? each.name : each.tapError)),
    ['bridge', 'L2'],
    text,
  )
  const failed = points.find(({ path, ok }) => !ok && path.length === 3)
  t.deepEqual(failed?.path, ['bridge', 'bridge_ping', 'vm-002'])
  for (const word of WHERE) t.true(JSON.stringify(failed?.diag).includes(word), word)
  t.like(failed?.diag, { severity: 'failed', output: ['vm-002-ns01 172.16.2.1 answers'] })
  t.is(points.filter(({ path, ok }) => ok && path.length === 3).length, 3)
  t.is(points.find(({ path }) => path[0] === 'cni_bridge')?.skip, 'there are no plugins')
  t.regex(JSON.stringify(points.find(({ path }) => path[0] === 'bridge' && path.length === 1)?.diag), /default via/)
})

test('reports a pass on a retry as ok and flaky', async t => {
  const text = await play(flaky, tap)
  const { points, results } = read(text)
  t.true(results.ok, text)
  t.is(points.filter(({ todo }) => todo === 'failed, retrying').length, 3)
  const [first, second] = points.filter(({ path }) => path.length === 1)
  t.like(first, { ok: false, todo: 'failed, retrying' })
  t.like(second, { ok: true, path: ['bridge (attempt 2)'], diag: { verdict: 'flaky' } })
  t.regex(text, /^# 1 flaky test: bridge$/m)
})

test('bails out of a run that ends early, with all results until then', async t => {
  for (const [run, reason] of [
    [interrupted, 'interrupted by SIGINT'],
    [broken, 'vm-002 did not come up   its console is empty'],
  ] as const) {
    const { points, results, bailout } = read(await play(run, tap))
    t.false(results.ok)
    t.is(bailout, reason)
    t.true(points.some(({ ok, diag }) => !ok && JSON.stringify(diag).includes(reason.slice(0, 10))))
  }
  const { points } = read(await play(interrupted, tap))
  t.is(points.filter(({ path, ok }) => ok && path.length === 3).length, 3)
})

test('never mistakes output of a node for TAP', async t => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('ok 1 - x', 'Bail out!', '1..9', '  ...', 'x # SKIP', 'x\\# TODO', '\u001b[2J', '---'),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(nasty, { minLength: 1, maxLength: 4 }), async lines => {
      const text = await play(writing(lines), tap)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      t.notRegex(text, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
      const { points, results, bailout } = read(text)
      t.is(bailout, undefined, text)
      t.is(points.length, 3, text)
      t.like(results, { ok: false, todo: 0, skip: 0 })
    }),
  )
})

test('escapes characters that are invalid in YAML, and other line separators', async t => {
  for (const odd of ['\ufffe', '\uffff', '\ufeff', '\ud800', '\u2028', '\u2029']) {
    const text = await play(writing([`before${odd}after`]), tap)
    t.notRegex(text, /[\ufffe\uffff\ufeff]/)
    const { points } = read(text)
    t.is(points.length, 3, text)
    t.regex(JSON.stringify(points.find(({ ok }) => !ok)?.diag), /before.{0,6}after/u)
  }
})
