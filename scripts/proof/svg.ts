import { escapeXml } from '../host/text.ts'
import type { Family } from '../settings/family.ts'
import type { Answer } from './answers.ts'
import { columnsOf, type Matrix } from './matrix.ts'
import type { PodAddress, Source } from './network.ts'
import { isExpected } from './reach.ts'
import { describeSummary, summarize, type WrongPair } from './summary.ts'

// Okabe and Ito's colors, distinguishable with color blindness and in grayscale; one hue for times.
const WRONG: Readonly<Record<WrongPair['what'], string>> = {
  missing: '#d55e00',
  open: '#cc79a7',
  shared: '#f0e442',
  cut: '#009e73',
}
const CLOSED = '#e8e8e8'
/** Upper limits of round trips in milliseconds, and their colors. */
const TIMES: readonly (readonly [limit: number, color: string])[] = [
  [0.3, '#c6dbef'],
  [1, '#9ecae1'],
  [3, '#6baed6'],
  [10, '#3182bd'],
  [Number.POSITIVE_INFINITY, '#08519c'],
]

export const MARGIN = 16
export const GAP = 40
export const FONT = 11
const LEGEND_GAP = 7
/** Smallest cell with POD names; smaller ones have node names only. */
const MIN_NAMED_CELL = 12
const [MIN_CELL, MAX_CELL, TARGET_SIZE] = [2, 22, 640] as const
/** Cells have titles (tooltips) up to this number of pairs. */
export const MAX_TITLES = 5000

/**
 * Draws a matrix: a panel for each family, sources as rows, destinations as columns, both grouped by node, colored by
 * result and round trip.
 * @returns a self-contained SVG without scripts, style sheets or external fonts
 */
export function matrixSvg(title: string, matrix: Matrix): string {
  const panels = ([4, 6] as const).map(family => ({ family, columns: columnsOf(matrix, family) }))
  const shown = panels.filter(({ columns }) => columns.length > 0)
  const most = Math.max(matrix.sources.length, ...shown.map(({ columns }) => columns.length), 1)
  const { cell, named, label } = scaleFor(matrix.sources, most)
  const widths = shown.map(({ columns }) => columns.length * cell)
  const top = MARGIN + 2 * (FONT + 8) + label
  const height = top + matrix.sources.length * cell + GAP + 2 * FONT + LEGEND_GAP + MARGIN
  const width = Math.max(
    760,
    MARGIN * 2 + widths.reduce((sum, panel) => sum + panel + label, 0) + GAP * (shown.length - 1),
  )
  const summary = summarize(matrix)
  const wrong = new Map<Source, Map<PodAddress, WrongPair['what']>>()
  for (const { source, destination, what } of summary.wrong)
    wrong.set(source, (wrong.get(source) ?? new Map()).set(destination, what))
  const parts: string[] = []
  let x = MARGIN + label
  for (const [index, { family, columns }] of shown.entries()) {
    parts.push(panel(matrix, { family, columns, wrong, x, y: top, cell, named }))
    x += (widths[index] ?? 0) + GAP + label
  }
  const [w, h] = [Math.ceil(width), Math.ceil(height)]
  const size = `width="${w}" height="${h}" viewBox="0 0 ${w} ${h}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="${FONT}">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${MARGIN}" y="${MARGIN + FONT}" font-size="${FONT + 3}" font-weight="bold">${escapeXml(title)}</text>
<text x="${MARGIN}" y="${MARGIN + 2 * FONT + 8}">${escapeXml(describeSummary(summary))}</text>
${parts.join('\n')}
${legend(MARGIN, height - MARGIN - 2 * FONT - LEGEND_GAP)}
</svg>
`
}

/** Sizes for a number of rows or columns: of a cell, and of the names, which are those of nodes if cells are small. */
export function scaleFor(sources: readonly { pod: string; node: string }[], most: number) {
  const cell = Math.max(MIN_CELL, Math.min(MAX_CELL, Math.floor(TARGET_SIZE / most)))
  const named = cell >= MIN_NAMED_CELL
  const label = FONT * 0.62 * Math.max(...sources.map(({ pod, node }) => (named ? pod : node).length), 6) + 8
  return { cell, named, label }
}

interface Panel {
  readonly family: Family
  readonly columns: readonly number[]
  readonly wrong: ReadonlyMap<Source, ReadonlyMap<PodAddress, WrongPair['what']>>
  readonly x: number
  readonly y: number
  /** Width of a cell in pixels. */
  readonly cell: number
  readonly named: boolean
}

function panel(matrix: Matrix, { family, columns, wrong, x, y, cell, named }: Panel): string {
  const { sources, destinations } = matrix
  const parts: string[] = [`<g transform="translate(${x} ${y})">`]
  const titled = sources.length * columns.length <= MAX_TITLES
  const inset = cell > 4 ? 1 : 0
  const runs = new Map<string, string[]>()
  for (const [row, source] of sources.entries()) {
    let [from, color] = [0, '']
    const close = (to: number) => {
      if (!color) return
      const paths = runs.get(color) ?? []
      paths.push(`M${from * cell} ${row * cell}h${(to - from) * cell}v${cell}H${from * cell}z`)
      runs.set(color, paths)
    }
    for (const [position, column] of columns.entries()) {
      const destination = destinations[column]
      const answer = matrix.rows[row]?.[column]
      if (!destination) continue
      const what = wrong.get(source)?.get(destination)
      const fill = answer ? colorOf(answer, what, isExpected(matrix.reach, source, destination)) : ''
      if (titled) {
        if (!fill || !answer) continue
        const size = cell - inset
        const text = `${source.pod} → ${destination.pod} ${destination.address}: ${words(answer, what)}`
        const rect = `<rect x="${position * cell}" y="${row * cell}" width="${size}" height="${size}" fill="${fill}">`
        parts.push(`${rect}<title>${escapeXml(text)}</title></rect>`)
      } else if (fill !== color) {
        close(position)
        ;[from, color] = [position, fill]
      }
    }
    if (!titled) close(columns.length)
  }
  for (const [color, paths] of runs) parts.push(`<path fill="${color}" d="${paths.join('')}"/>`)
  const size = { width: columns.length * cell, height: sources.length * cell }
  parts.push(axis(sources, size.width, cell, named, 'row'))
  const columnSources = columns.map(column => destinations[column]).filter(destination => destination !== undefined)
  parts.push(axis(columnSources, size.height, cell, named, 'column'))
  parts.push(`<rect width="${size.width}" height="${size.height}" fill="none" stroke="#666666"/>`)
  parts.push(`<text x="0" y="${size.height + FONT + 4}" font-weight="bold">IPv${family}</text></g>`)
  return parts.join('\n')
}

/** Lines between nodes, and the names of PODs or, in small cells, of nodes. */
export function axis(
  items: readonly { pod: string; node: string }[],
  length: number,
  cell: number,
  named: boolean,
  kind: 'row' | 'column',
): string {
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

function colorOf({ received, roundTrip }: Answer, what: WrongPair['what'] | undefined, expected: boolean): string {
  if (what) return WRONG[what]
  if (received === 0 || !expected) return CLOSED
  return TIMES.find(([limit]) => (roundTrip?.mean ?? 0) < limit)?.[1] ?? CLOSED
}

function words({ sent, received, roundTrip }: Answer, what: WrongPair['what'] | undefined): string {
  if (!roundTrip) return `none of ${sent} answered`
  const more = what === 'cut' || what === 'shared' ? `; ${LEGEND[what]}` : ''
  return `${received} of ${sent} answered, ${roundTrip.min}/${roundTrip.mean}/${roundTrip.max} ms${more}`
}

const LEGEND: Readonly<Record<WrongPair['what'], string>> = {
  missing: 'no answer',
  cut: 'loses full-sized packets',
  shared: 'address of several PODs',
  open: 'must not answer',
}

/** Round trips on the first line, other results on the second. */
function legend(x: number, y: number): string {
  const limits = TIMES.map(([limit, color], index) => {
    const before = TIMES[index - 1]?.[0]
    return [color, Number.isFinite(limit) ? `< ${limit} ms` : `≥ ${before} ms`] as const
  })
  const whats = Object.entries(LEGEND).map(([what, text]) => [WRONG[what as WrongPair['what']], text] as const)
  const lines = [limits, [[CLOSED, 'no answer, as expected'] as const, ...whats]]
  const parts = lines.map((entries, line) => legendLine(entries, x, y + line * (FONT + LEGEND_GAP)))
  return `<g>${parts.join('')}</g>`
}

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
