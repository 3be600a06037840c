import type { Matrix } from '../../proof/matrix.ts'
import { isExpected } from '../../proof/reach.ts'
import { summarize } from '../../proof/summary.ts'
import { CELL_STATES, type CellState, cellArrays, encodeCount, encodeTime, rangeArrays } from './cells.ts'

/** A matrix in 9 bytes per pair. */
export interface EncodedMatrix {
  readonly counts: readonly number[]
  readonly cells: Uint8Array
  readonly ranges: Uint8Array
}

/** Encodes the answers of all pairs, row by row, to free the objects. */
export function encodeMatrix(matrix: Matrix): EncodedMatrix {
  const { reach, sources, destinations, rows } = matrix
  const pairs = sources.length * destinations.length
  const { bytes: cells, states, sent, received, means } = cellArrays(pairs)
  const { bytes: ranges, mins, maxs } = rangeArrays(pairs)
  const wrong = wrongOf(matrix)
  const counts = CELL_STATES.map(() => 0)
  for (const [row, source] of sources.entries()) {
    for (const [column, destination] of destinations.entries()) {
      const pair = row * destinations.length + column
      const answer = rows[row]?.[column]
      const state: CellState = answer
        ? (wrong.get(pair) ?? stateOf(answer.received > 0, isExpected(reach, source, destination)))
        : 'own'
      const code = CELL_STATES.indexOf(state)
      states[pair] = code
      counts[code] = (counts[code] ?? 0) + 1
      if (!answer) continue
      sent[pair] = encodeCount(answer.sent)
      received[pair] = encodeCount(answer.received)
      const { min, mean, max } = answer.roundTrip ?? {}
      means[pair] = encodeTime(mean)
      mins[pair] = encodeTime(min)
      maxs[pair] = encodeTime(max)
    }
  }
  return { counts, cells, ranges }
}

function stateOf(answers: boolean, expected: boolean): CellState {
  if (!expected) return answers ? 'open' : 'closed'
  return answers ? 'reached' : 'missing'
}

/** Wrong pairs, as determined by the proof. */
function wrongOf(matrix: Matrix): ReadonlyMap<number, CellState> {
  const { wrong } = summarize(matrix)
  if (wrong.length === 0) return new Map()
  const rows = new Map(matrix.sources.map((source, row) => [source, row]))
  const columns = new Map(matrix.destinations.map((destination, column) => [destination, column]))
  return new Map(
    wrong.map(({ source, destination, what }) => [
      (rows.get(source) ?? 0) * matrix.destinations.length + (columns.get(destination) ?? 0),
      what,
    ]),
  )
}
