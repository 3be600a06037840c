import type { Answer } from './answers.ts'
import { drawPanel, FONT, GAP, legendLine, MARGIN, picture, scaleFor } from './drawing.ts'
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

const LEGEND_GAP = 7

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
    const heads = columns.flatMap(column => matrix.destinations[column] ?? [])
    const cellAt = (row: number, position: number) => {
      const [source, destination] = [matrix.sources[row], heads[position]]
      const answer = matrix.rows[row]?.[columns[position] ?? -1]
      if (!source || !destination || !answer) return undefined
      const what = wrong.get(source)?.get(destination)
      const fill = colorOf(answer, what, isExpected(matrix.reach, source, destination))
      const title = () => `${source.pod} → ${destination.pod} ${destination.address}: ${words(answer, what)}`
      return { fill, title }
    }
    parts.push(drawPanel({ family, rows: matrix.sources, columns: heads, cellAt, x, y: top, cell, named }))
    x += (widths[index] ?? 0) + GAP + label
  }
  const key = legend(MARGIN, height - MARGIN - 2 * FONT - LEGEND_GAP)
  return picture(title, describeSummary(summary), [...parts, key], Math.ceil(width), Math.ceil(height))
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
