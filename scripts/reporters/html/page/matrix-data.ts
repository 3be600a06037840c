import { CELL_STATES, type Cell, cellArrays, decodeTime, rangeArrays } from '../cells.ts'
import type { MatrixData } from '../data.ts'
import { unpack } from './unpack.ts'

/** A matrix with access to its pairs. */
export interface ReadMatrix extends MatrixData {
  cell(row: number, column: number): Cell
}

/** Unpacks a matrix's pairs. */
export async function readMatrix(data: MatrixData): Promise<ReadMatrix> {
  const columns = data.destinations.length
  const pairs = data.sources.length * columns
  const { states, sent, received, means } = cellArrays(pairs, await unpack(data.cells))
  const ranges = data.ranges && rangeArrays(pairs, await unpack(data.ranges))
  const cell = (row: number, column: number): Cell => {
    const pair = row * columns + column
    return {
      state: CELL_STATES[states[pair] ?? 0] ?? 'own',
      sent: sent[pair] ?? 0,
      received: received[pair] ?? 0,
      mean: decodeTime(means[pair] ?? 0),
      min: decodeTime(ranges?.mins[pair] ?? 0),
      max: decodeTime(ranges?.maxs[pair] ?? 0),
    }
  }
  return { ...data, cell }
}

/** Descriptions of states. */
export const STATE_TEXTS: Readonly<Record<Cell['state'], string>> = {
  own: 'its own address',
  reached: 'answers',
  closed: 'no answer, as expected',
  missing: 'does not answer',
  open: 'answers, but must not',
  shared: 'is also the address of another POD',
  cut: 'answers, but loses packets as large as its MTU',
}

export const isWrong = ({ state }: Cell): boolean => ['missing', 'open', 'shared', 'cut'].includes(state)

/** Describes a pair in lines: source, destination, result. */
export function describePair(matrix: ReadMatrix, row: number, column: number): readonly string[] {
  const [source, destination] = [matrix.sources[row], matrix.destinations[column]]
  if (!source || !destination) return []
  const cell = matrix.cell(row, column)
  const place = `${source.node} → ${destination.node}`
  const heading = `${source.pod} → ${destination.pod} ${destination.address}`
  if (cell.state === 'own') {
    const isItself = source.pod === destination.pod
    return [heading, isItself ? STATE_TEXTS.own : `not pinged: ${source.pod} has that address, too`]
  }
  return [
    heading,
    STATE_TEXTS[cell.state],
    `${cell.received} of ${cell.sent} packets came back`,
    ...timesOf(cell),
    place,
  ]
}

function timesOf({ mean, min, max }: Cell): readonly string[] {
  if (mean === undefined) return []
  return [
    min === undefined || max === undefined
      ? `round trip ${mean} ms`
      : `round trip ${min} / ${mean} / ${max} ms (min/mean/max)`,
  ]
}
