import { escapeXml } from '../host/text.ts'
import type { Family } from '../settings/family.ts'
import type { Answer } from './answers.ts'
import { columnsOf, type Matrix } from './matrix.ts'
import type { PodAddress, Source } from './network.ts'
import { isExpected } from './reach.ts'
import { describeSummary, summarize, type WrongPair } from './summary.ts'

// Told apart also by people who are red-green blind, and on grey paper: Okabe and Ito's set, and one hue for times.
const WRONG: Readonly<Record<WrongPair['what'], string>> = {
  missing: '#d55e00',
  open: '#cc79a7',
  shared: '#f0e442',
  cut: '#009e73',
}
const CLOSED = '#e8e8e8'
/** Upper limits of round trips in milliseconds, and their colours, from fast to slow. */
const TIMES: readonly (readonly [limit: number, colour: string])[] = [
  [0.3, '#c6dbef'],
  [1, '#9ecae1'],
  [3, '#6baed6'],
  [10, '#3182bd'],
  [Number.POSITIVE_INFINITY, '#08519c'],
]

const MARGIN = 16
const GAP = 40
const FONT = 11
const LEGEND_GAP = 7
/** Names need a line each; with more PODs only the nodes are named. */
const LEAST_NAMED = 12
const [LEAST_CELL, MOST_CELL, WANTED] = [2, 22, 640] as const
/** A title for each cell up to here: a browser shows it when the pointer is there. */
const MOST_TITLES = 5000

/**
 * Draws a matrix: a panel for each family, sources by rows and destinations by columns, both grouped by node, colours by result
 * and round trip.
 * @returns an SVG of its own: no script, no style sheet, no font from elsewhere
 */
export function matrixSvg(title: string, matrix: Matrix): string {
  const panels = ([4, 6] as const).map(family => ({ family, columns: columnsOf(matrix, family) }))
  const shown = panels.filter(({ columns }) => columns.length > 0)
  const most = Math.max(matrix.sources.length, ...shown.map(({ columns }) => columns.length), 1)
  const cell = Math.max(LEAST_CELL, Math.min(MOST_CELL, Math.floor(WANTED / most)))
  const named = cell >= LEAST_NAMED
  const label = FONT * 0.62 * Math.max(...matrix.sources.map(({ pod, node }) => (named ? pod : node).length), 6) + 8
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
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${Math.ceil(height)}" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}" font-family="sans-serif" font-size="${FONT}">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${MARGIN}" y="${MARGIN + FONT}" font-size="${FONT + 3}" font-weight="bold">${escapeXml(title)}</text>
<text x="${MARGIN}" y="${MARGIN + 2 * FONT + 8}">${escapeXml(describeSummary(summary))}</text>
${parts.join('\n')}
${legend(MARGIN, height - MARGIN - 2 * FONT - LEGEND_GAP)}
</svg>
`
}

interface Panel {
  readonly family: Family
  readonly columns: readonly number[]
  /** What is not as it should be. */
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
  const titled = sources.length * columns.length <= MOST_TITLES
  const inset = cell > 4 ? 1 : 0
  const runs = new Map<string, string[]>()
  for (const [row, source] of sources.entries()) {
    let [from, colour] = [0, '']
    const close = (to: number) => {
      if (!colour) return
      const paths = runs.get(colour) ?? []
      paths.push(`M${from * cell} ${row * cell}h${(to - from) * cell}v${cell}H${from * cell}z`)
      runs.set(colour, paths)
    }
    for (const [position, column] of columns.entries()) {
      const destination = destinations[column]
      const answer = matrix.rows[row]?.[column]
      if (!destination) continue
      const what = wrong.get(source)?.get(destination)
      const fill = answer ? colourOf(answer, what, isExpected(matrix.reach, source, destination)) : ''
      if (titled) {
        if (!fill || !answer) continue
        const size = cell - inset
        const text = `${source.pod} → ${destination.pod} ${destination.address}: ${words(answer, what)}`
        parts.push(
          `<rect x="${position * cell}" y="${row * cell}" width="${size}" height="${size}" fill="${fill}"><title>${escapeXml(text)}</title></rect>`,
        )
      } else if (fill !== colour) {
        close(position)
        ;[from, colour] = [position, fill]
      }
    }
    if (!titled) close(columns.length)
  }
  for (const [colour, paths] of runs) parts.push(`<path fill="${colour}" d="${paths.join('')}"/>`)
  const size = { width: columns.length * cell, height: sources.length * cell }
  parts.push(groups(sources, size.width, cell, named, 'row'))
  const columnSources = columns.map(column => destinations[column]).filter(destination => destination !== undefined)
  parts.push(groups(columnSources, size.height, cell, named, 'column'))
  parts.push(`<rect width="${size.width}" height="${size.height}" fill="none" stroke="#666666"/>`)
  parts.push(`<text x="0" y="${size.height + FONT + 4}" font-weight="bold">IPv${family}</text></g>`)
  return parts.join('\n')
}

/** Lines between nodes, and names of PODs, or of nodes where there are too many. */
function groups(
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

function colourOf({ received, roundTrip }: Answer, what: WrongPair['what'] | undefined, expected: boolean): string {
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

/** Times on one line, all else on the next. */
function legend(x: number, y: number): string {
  const limits = TIMES.map(([limit, colour], index) => {
    const before = TIMES[index - 1]?.[0]
    return [colour, Number.isFinite(limit) ? `< ${limit} ms` : `≥ ${before} ms`] as const
  })
  const whats = Object.entries(LEGEND).map(([what, text]) => [WRONG[what as WrongPair['what']], text] as const)
  const lines = [limits, [[CLOSED, 'none, as it must be'] as const, ...whats]]
  const parts = lines.map((entries, line) => legendLine(entries, x, y + line * (FONT + LEGEND_GAP)))
  return `<g>${parts.join('')}</g>`
}

function legendLine(entries: readonly (readonly [colour: string, text: string])[], x: number, y: number): string {
  let at = x
  const parts = entries.map(([colour, text]) => {
    const part = `<rect x="${at}" y="${y}" width="${FONT}" height="${FONT}" fill="${colour}" stroke="#666666" stroke-width="0.5"/><text x="${at + FONT + 4}" y="${y + FONT - 1}">${escapeXml(text)}</text>`
    at += FONT + 16 + text.length * FONT * 0.56
    return part
  })
  return parts.join('')
}
