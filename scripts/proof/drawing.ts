import { escapeXml } from '../host/text.ts'
import type { Family } from '../settings/family.ts'
import type { Source } from './network.ts'

export const MARGIN = 16
export const GAP = 40
export const FONT = 11
/** Smallest cell with POD names; smaller ones have node names only. */
const MIN_NAMED_CELL = 12
const [MIN_CELL, MAX_CELL, TARGET_SIZE] = [2, 22, 640] as const
/** Cells have titles (tooltips) up to this number of pairs. */
const MAX_TITLES = 5000

/** Sizes for a number of rows or columns: of a cell, and of the names, which are those of nodes if cells are small. */
export function scaleFor(sources: readonly Source[], most: number) {
  const cell = Math.max(MIN_CELL, Math.min(MAX_CELL, Math.floor(TARGET_SIZE / most)))
  const named = cell >= MIN_NAMED_CELL
  const label = FONT * 0.62 * Math.max(...sources.map(({ pod, node }) => (named ? pod : node).length), 6) + 8
  return { cell, named, label }
}

/** What a cell shows: a color, and a title. */
export interface Cell {
  readonly fill: string
  title(): string
}

export interface Panel {
  readonly family: Family
  readonly rows: readonly Source[]
  readonly columns: readonly Source[]
  /** The cell at positions in rows and columns; undefined where there is nothing to show. */
  cellAt(row: number, column: number): Cell | undefined
  readonly x: number
  readonly y: number
  /** Width of a cell in pixels. */
  readonly cell: number
  readonly named: boolean
}

/**
 * The results of one family. In large panels, cells of a row with the same color are drawn together, without titles.
 * @returns an element of SVG
 */
export function drawPanel({ family, rows, columns, cellAt, x, y, cell, named }: Panel): string {
  const isTitled = rows.length * columns.length <= MAX_TITLES
  const size = cell - (cell > 4 ? 1 : 0)
  const paths = new Map<string, string[]>()
  const parts: string[] = [`<g transform="translate(${x} ${y})">`]
  for (const row of rows.keys()) {
    let [start, color] = [0, '']
    const close = (to: number) => {
      if (!color) return
      const runs = paths.get(color) ?? []
      runs.push(`M${start * cell} ${row * cell}h${(to - start) * cell}v${cell}H${start * cell}z`)
      paths.set(color, runs)
    }
    for (const column of columns.keys()) {
      const shown = cellAt(row, column)
      const fill = shown?.fill ?? ''
      if (isTitled) {
        if (!shown) continue
        const rect = `<rect x="${column * cell}" y="${row * cell}" width="${size}" height="${size}" fill="${fill}">`
        parts.push(`${rect}<title>${escapeXml(shown.title())}</title></rect>`)
      } else if (fill !== color) {
        close(column)
        ;[start, color] = [column, fill]
      }
    }
    if (!isTitled) close(columns.length)
  }
  for (const [color, runs] of paths) parts.push(`<path fill="${color}" d="${runs.join('')}"/>`)
  const [width, height] = [columns.length * cell, rows.length * cell]
  parts.push(axis(rows, width, cell, named, 'row'), axis(columns, height, cell, named, 'column'))
  parts.push(`<rect width="${width}" height="${height}" fill="none" stroke="#666666"/>`)
  parts.push(`<text x="0" y="${height + FONT + 4}" font-weight="bold">IPv${family}</text></g>`)
  return parts.join('\n')
}

/** Lines between nodes, and the names of PODs or, in small cells, of nodes. */
function axis(items: readonly Source[], length: number, cell: number, named: boolean, kind: 'row' | 'column'): string {
  const place = (position: number, text: string) =>
    kind === 'row'
      ? `<text x="-6" y="${position + FONT / 3}" text-anchor="end">${escapeXml(text)}</text>`
      : `<text transform="translate(${position + FONT / 3} -6) rotate(-90)">${escapeXml(text)}</text>`
  const line = (position: number) =>
    kind === 'row'
      ? `<path d="M0 ${position}h${length}" stroke="#666666"/>`
      : `<path d="M${position} 0v${length}" stroke="#666666"/>`
  const parts: string[] = []
  let first = 0
  for (const [index, { pod, node }] of items.entries()) {
    if (named) parts.push(place((index + 0.5) * cell, pod))
    if (items[index + 1]?.node === node) continue
    if (!named) parts.push(place(((first + index + 1) / 2) * cell, node))
    if (index + 1 < items.length) parts.push(line((index + 1) * cell))
    first = index + 1
  }
  return parts.join('\n')
}

/**
 * A picture with a title and a line below it.
 * @returns a self-contained SVG without scripts, style sheets or external fonts
 */
export function picture(title: string, line: string, parts: readonly string[], width: number, height: number): string {
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="${FONT}">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${MARGIN}" y="${MARGIN + FONT}" font-size="${FONT + 3}" font-weight="bold">${escapeXml(title)}</text>
<text x="${MARGIN}" y="${MARGIN + 2 * FONT + 8}">${escapeXml(line)}</text>
${parts.join('\n')}
</svg>
`
}

/** A line of colors and their meanings. */
export function legendLine(entries: readonly (readonly [color: string, text: string])[], x: number, y: number): string {
  let at = x
  const parts = entries.map(([color, text]) => {
    const fill = `fill="${color}" stroke="#666666" stroke-width="0.5"`
    const box = `<rect x="${at}" y="${y}" width="${FONT}" height="${FONT}" ${fill}/>`
    const label = `<text x="${at + FONT + 4}" y="${y + FONT - 1}">${escapeXml(text)}</text>`
    at += FONT + 16 + text.length * FONT * 0.56
    return box + label
  })
  return parts.join('')
}
