import test from 'ava'
import type { Answer } from '../../../scripts/proof/answers.ts'
import type { Matrix } from '../../../scripts/proof/matrix.ts'
import { summarize } from '../../../scripts/proof/summary.ts'
import { CELL_STATES, cellArrays } from '../../../scripts/reporters/html/cells.ts'
import { encodeMatrix } from '../../../scripts/reporters/html/matrix.ts'
import { simulatedMatrix } from './simulated-run.ts'

const stateAt = (matrix: Matrix, row: number, column: number) => {
  const { destinations, sources } = matrix
  const { states } = cellArrays(sources.length * destinations.length, encodeMatrix(matrix).cells)
  return CELL_STATES[states[row * destinations.length + column] ?? 0]
}

/** The matrix with one answer replaced. */
const withAnswer = (matrix: Matrix, row: number, column: number, answer: Answer): Matrix => ({
  ...matrix,
  rows: matrix.rows.map((answers, at) =>
    at === row ? answers.map((old, index) => (index === column ? answer : old)) : answers,
  ),
})

test('counts pairs like the proof', t => {
  const { matrix } = simulatedMatrix({ nodes: 3, pods: 2, cut: 'vm-002-ns01' })
  const { counts } = encodeMatrix(matrix)
  const { expected, reached, wrong } = summarize(matrix)
  const of = (state: (typeof CELL_STATES)[number]) => counts[CELL_STATES.indexOf(state)]
  t.deepEqual([of('reached'), of('missing'), of('open'), of('closed')], [reached, wrong.length, 0, 0])
  t.is(of('own'), matrix.sources.length * matrix.destinations.length - expected)
})

test('distinguishes forbidden answers and expected silence', t => {
  const silent = { sent: 1, received: 0 }
  const matrix: Matrix = withAnswer({ ...simulatedMatrix({ nodes: 2, pods: 1 }).matrix, reach: 'node' }, 0, 2, silent)
  t.is(stateAt(matrix, 0, 2), 'closed')
  t.is(stateAt(matrix, 1, 0), 'open')
})

test('reports an address of two PODs as shared, whichever answered', t => {
  const { matrix } = simulatedMatrix({ nodes: 2, pods: 1 })
  const [first, , third] = matrix.destinations
  if (!first || !third) return t.fail()
  const destinations = matrix.destinations.map(destination =>
    destination === third ? { ...third, address: first.address } : destination,
  )
  t.is(stateAt({ ...matrix, destinations }, 0, 2), 'shared')
})
