import { hideCard, showCard } from './card.ts'
import { element } from './dom.ts'
import { paletteFor } from './matrix-colors.ts'
import { describePair, isWrong, type ReadMatrix } from './matrix-data.ts'
import { drawMatrix, type Frame, frameOf } from './matrix-picture.ts'

/** The pairs of an address family, explored by pointer or keys. */
export interface Panel {
  readonly element: HTMLElement
  /** Redraws it, with cells of `cell` pixels. */
  draw(cell: number): void
  goTo(row: number, column: number): void
}

const DARK = matchMedia('(prefers-color-scheme: dark)')

/** @param tell shows the description of a pair permanently */
export function matrixPanel(
  matrix: ReadMatrix,
  family: number,
  columns: readonly number[],
  tell: (lines: readonly string[]) => void,
): Panel {
  const canvas = element('canvas', { role: 'presentation' })
  const [rowBand, columnBand] = [element('div', { class: 'band' }), element('div', { class: 'band' })]
  const size = `${matrix.sources.length} sources by ${columns.length} destinations`
  const keys =
    'Arrow keys go from pair to pair, Page Up and Page Down from node to node, ' +
    'N and P to the next and the previous wrong pair.'
  const place = element(
    'div',
    {
      class: 'matrix',
      tabindex: 0,
      role: 'application',
      'aria-label': `Matrix IPv${family}: ${size}. ${keys}`,
    },
    canvas,
    rowBand,
    columnBand,
  )
  let frame: Frame = frameOf(matrix, columns, 1)
  let [row, position] = [0, 0]

  const draw = (cell: number) => {
    frame = frameOf(matrix, columns, cell)
    drawMatrix(canvas, matrix, frame, paletteFor(DARK.matches))
    if (rowBand.classList.contains('on')) showBands()
  }
  const showBands = () => {
    const { left, top, cell, width, height } = frame
    put(rowBand, left, top + row * cell, width - left - 1, cell)
    put(columnBand, left + position * cell, top, cell, height - top - 1)
  }
  const goToPosition = (newRow: number, newPosition: number) => {
    row = clamp(newRow, matrix.sources.length)
    position = clamp(newPosition, columns.length)
    showBands()
    const lines = describePair(matrix, row, columns[position] ?? 0)
    tell(lines)
    columnBand.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    rowBand.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    const { left, top } = canvas.getBoundingClientRect()
    const [x, y] = [left + frame.left + (position + 1) * frame.cell, top + frame.top + (row + 1) * frame.cell]
    showCard(lines, x, y)
  }
  const pairAt = ({ clientX, clientY }: PointerEvent) => {
    const { left, top } = canvas.getBoundingClientRect()
    const [column, line] = [
      Math.floor((clientX - left - frame.left) / frame.cell),
      Math.floor((clientY - top - frame.top) / frame.cell),
    ]
    const isInside = column >= 0 && column < columns.length && line >= 0 && line < matrix.sources.length
    return isInside ? ([line, column] as const) : undefined
  }
  canvas.addEventListener('pointermove', event => {
    const pair = pairAt(event)
    if (!pair) return hideCard()
    ;[row, position] = pair
    showBands()
    showCard(describePair(matrix, row, columns[position] ?? 0), event.clientX, event.clientY)
  })
  canvas.addEventListener('pointerleave', hideCard)
  canvas.addEventListener('click', event => {
    const pair = pairAt(event)
    if (pair) tell(describePair(matrix, pair[0], columns[pair[1]] ?? 0))
  })
  place.addEventListener('blur', hideCard)
  place.addEventListener('focus', () => {
    if (place.matches(':focus-visible')) goToPosition(row, position)
  })
  place.addEventListener('keydown', event => {
    const target = targetOf(event, matrix, columns, row, position)
    if (!target) return
    event.preventDefault()
    goToPosition(...target)
  })
  const goTo = (newRow: number, column: number) => {
    place.focus()
    goToPosition(newRow, columns.indexOf(column))
  }
  return { element: place, draw, goTo }
}

/** The pair that a key goes to; undefined for other keys. */
function targetOf(
  { key, ctrlKey, altKey, metaKey }: KeyboardEvent,
  matrix: ReadMatrix,
  columns: readonly number[],
  row: number,
  position: number,
): readonly [row: number, position: number] | undefined {
  if (ctrlKey || altKey || metaKey) return undefined
  const nodeOf = (at: number) => matrix.sources[at]?.node
  const nextNode = matrix.sources.findIndex(({ node }, at) => at > row && node !== nodeOf(row))
  const firstOfNode = matrix.sources.findIndex(({ node }) => node === nodeOf(row))
  const previousNode = firstOfNode === 0 ? 0 : matrix.sources.findIndex(({ node }) => node === nodeOf(firstOfNode - 1))
  switch (key) {
    case 'ArrowRight':
      return [row, position + 1]
    case 'ArrowLeft':
      return [row, position - 1]
    case 'ArrowDown':
      return [row + 1, position]
    case 'ArrowUp':
      return [row - 1, position]
    case 'Home':
      return [row, 0]
    case 'End':
      return [row, columns.length - 1]
    case 'PageDown':
      return [nextNode < 0 ? matrix.sources.length - 1 : nextNode, position]
    case 'PageUp':
      return [previousNode, position]
    case 'n':
    case 'N':
      return nextWrong(matrix, columns, row, position, 1)
    case 'p':
    case 'P':
      return nextWrong(matrix, columns, row, position, -1)
    default:
      return undefined
  }
}

/** The next wrong pair, cyclically; undefined if there is none. */
function nextWrong(matrix: ReadMatrix, columns: readonly number[], row: number, position: number, step: 1 | -1) {
  const pairs = matrix.sources.length * columns.length
  for (let distance = 1; distance <= pairs; distance++) {
    const at = (row * columns.length + position + step * distance + pairs * 2) % pairs
    const [foundRow, foundPosition] = [Math.floor(at / columns.length), at % columns.length]
    if (isWrong(matrix.cell(foundRow, columns[foundPosition] ?? 0))) return [foundRow, foundPosition] as const
  }
  return undefined
}

const clamp = (value: number, length: number) => Math.max(0, Math.min(length - 1, value))

function put(band: HTMLElement, left: number, top: number, width: number, height: number): void {
  band.classList.add('on')
  Object.assign(band.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` })
}
