import test from 'ava'
import fc from 'fast-check'
import type { LogGroup } from '../../../../scripts/reporters/html/data.ts'
import { pieces, type Query, search } from '../../../../scripts/reporters/html/page/search.ts'

const group = (step: number, node: number, ...lines: LogGroup['lines'][number][]): LogGroup => ({
  step,
  node,
  lines,
  omitted: 0,
  omittedAfter: 0,
})
const GROUPS = [
  group(1, 0, [0, '|', 'Created the bridge'], [1, '!', 'warning']),
  group(1, 1, [0, '|', 'created nothing']),
  group(2, 0, [5, '|', 'PING']),
]
const ALL: Query = { text: '', step: undefined, node: undefined, onlyErrors: false }
const found = (query: Partial<Query>) =>
  search(GROUPS, { ...ALL, ...query }).map(({ group: { step, node }, lines }) => [step, node, ...lines])

test('a search finds lines by text, step, node and stream, whatever the case', t => {
  t.deepEqual(found({}), [
    [1, 0, 0, 1],
    [1, 1, 0],
    [2, 0, 0],
  ])
  t.deepEqual(found({ text: 'CREATED' }), [
    [1, 0, 0],
    [1, 1, 0],
  ])
  t.deepEqual(found({ text: 'created', node: 1 }), [[1, 1, 0]])
  t.deepEqual(found({ step: 2 }), [[2, 0, 0]])
  t.deepEqual(found({ onlyErrors: true }), [[1, 0, 1]])
  t.deepEqual(found({ text: 'not there' }), [])
})

test('every second piece of a line is a match, and all pieces are the line', t => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'B', 'b', 'İ', ' ') }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'B') }),
      (line, text) => {
        const cut = pieces(line, text)
        const hits = cut.filter((_, index) => index % 2 === 1)
        return cut.join('') === line && hits.every(hit => hit.toLowerCase() === text.toLowerCase())
      },
    ),
  )
  t.deepEqual(pieces('aBab', 'ab'), ['', 'aB', '', 'ab', ''])
})
