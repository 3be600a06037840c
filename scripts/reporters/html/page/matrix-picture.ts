import { colorOf, type Palette, type Sign, signOf } from './matrix-colors.ts'
import type { ReadMatrix } from './matrix-data.ts'

const FONT = 11
/** Minimum cell size in pixels to label PODs instead of nodes. */
const LEAST_NAMED = 12
/** Minimum cell size in pixels for signs and gaps. */
const LEAST_SIGNED = 6
const GAP = 6

/** The layout of the pairs of an address family, in pixels. */
export interface Frame {
  /** Visible columns of the matrix. */
  readonly columns: readonly number[]
  readonly cell: number
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export function frameOf(matrix: ReadMatrix, columns: readonly number[], cell: number): Frame {
  const names = cell >= LEAST_NAMED ? matrix.sources.map(({ pod }) => pod) : matrix.sources.map(({ node }) => node)
  const label = Math.ceil(FONT * 0.62 * Math.max(...names.map(({ length }) => length), 4)) + 2 * GAP
  const [width, height] = [columns.length * cell, matrix.sources.length * cell]
  return { columns, cell, left: label, top: label, width: label + width + 1, height: label + height + 1 }
}

/** Draws pairs, lines between nodes and names. */
export function drawMatrix(canvas: HTMLCanvasElement, matrix: ReadMatrix, frame: Frame, palette: Palette): void {
  const { columns, cell, left, top, width, height } = frame
  const scale = Math.min(devicePixelRatio || 1, 8000 / Math.max(width, height))
  canvas.width = Math.ceil(width * scale)
  canvas.height = Math.ceil(height * scale)
  canvas.style.width = `${width}px`
  canvas.style.height = `${height}px`
  const context = canvas.getContext('2d')
  if (!context) return
  context.scale(scale, scale)
  const size = cell >= LEAST_SIGNED ? cell - 1 : cell
  for (const row of matrix.sources.keys()) {
    for (const [position, column] of columns.entries()) {
      const pair = matrix.cell(row, column)
      const [x, y] = [left + position * cell, top + row * cell]
      context.fillStyle = colorOf(pair, palette)
      context.fillRect(x, y, size, size)
      const sign = cell >= LEAST_SIGNED ? signOf(pair) : undefined
      if (sign) drawSign(context, sign, x, y, size, palette.signs[sign])
    }
  }
  const destinations = columns.map(column => matrix.destinations[column] ?? { pod: '', node: '' })
  context.fillStyle = palette.text
  context.strokeStyle = palette.line
  context.lineWidth = 1
  context.font = `${FONT}px sans-serif`
  context.textBaseline = 'middle'
  drawGroups(context, matrix.sources, frame, 'rows')
  drawGroups(context, destinations, frame, 'columns')
  context.strokeRect(left - 0.5, top - 0.5, columns.length * cell + 1, matrix.sources.length * cell + 1)
}

function drawSign(
  context: CanvasRenderingContext2D,
  sign: Sign,
  x: number,
  y: number,
  size: number,
  color: string,
): void {
  const inset = size * 0.25
  const [near, far] = [inset, size - inset]
  context.strokeStyle = color
  context.lineWidth = Math.max(1, size / 8)
  context.beginPath()
  if (sign === 'cross') {
    context.moveTo(x + near, y + near)
    context.lineTo(x + far, y + far)
    context.moveTo(x + far, y + near)
    context.lineTo(x + near, y + far)
  } else if (sign === 'ring') {
    context.arc(x + size / 2, y + size / 2, size / 4, 0, 2 * Math.PI)
  } else {
    context.moveTo(x + near, y + size * 0.36)
    context.lineTo(x + far, y + size * 0.36)
    context.moveTo(x + near, y + size * 0.64)
    context.lineTo(x + far, y + size * 0.64)
  }
  context.stroke()
}

/** Lines between nodes, and as many names of PODs or nodes as fit. */
function drawGroups(
  context: CanvasRenderingContext2D,
  items: readonly { readonly pod: string; readonly node: string }[],
  frame: Frame,
  kind: 'rows' | 'columns',
): void {
  const { cell } = frame
  let [first, freeFrom] = [0, Number.NEGATIVE_INFINITY]
  for (const [index, { pod, node }] of items.entries()) {
    if (cell >= LEAST_NAMED) name(context, pod, (index + 0.5) * cell, frame, kind)
    if (items[index + 1]?.node === node) continue
    const middle = ((first + index + 1) / 2) * cell
    if (cell < LEAST_NAMED && middle >= freeFrom) {
      name(context, node, middle, frame, kind)
      freeFrom = middle + FONT + 1
    }
    if (index + 1 < items.length) line(context, (index + 1) * cell, frame, kind)
    first = index + 1
  }
}

function name(
  context: CanvasRenderingContext2D,
  text: string,
  at: number,
  { left, top }: Frame,
  kind: 'rows' | 'columns',
) {
  if (kind === 'rows') {
    context.textAlign = 'right'
    context.fillText(text, left - GAP, top + at)
    return
  }
  context.save()
  context.translate(left + at, top - GAP)
  context.rotate(-Math.PI / 2)
  context.textAlign = 'left'
  context.fillText(text, 0, 0)
  context.restore()
}

/** With small cells, lines stay outside of the matrix: they would hide pairs. */
function line(context: CanvasRenderingContext2D, at: number, frame: Frame, kind: 'rows' | 'columns'): void {
  const { cell, left, top, width, height } = frame
  const [from, to] = cell >= LEAST_SIGNED ? [GAP / 2, Number.POSITIVE_INFINITY] : [GAP / 2, 0]
  const shift = cell >= LEAST_SIGNED ? -0.5 : 0
  context.beginPath()
  if (kind === 'rows') {
    context.moveTo(left - from, top + at + shift)
    context.lineTo(Math.min(left + to, width), top + at + shift)
  } else {
    context.moveTo(left + at + shift, top - from)
    context.lineTo(left + at + shift, Math.min(top + to, height))
  }
  context.stroke()
}
