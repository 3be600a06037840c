import { escapeXml } from '../../host/text.ts'
import type { Family } from '../../settings/family.ts'
import { axis, FONT, GAP, legendLine, MARGIN, MAX_TITLES, scaleFor } from '../svg.ts'
import type { ProbeMatrix } from './matrix.ts'
import type { Observation } from './observation.ts'
import { probeName } from './probe.ts'
import { describeCell, describeMatrix } from './report.ts'

// Okabe and Ito's colors, as in the matrix of pings.
const WRONG = '#d55e00'
const COLORS = {
  reply: '#6baed6',
  refused: '#e69f00',
  silent: '#e8e8e8',
  unsent: '#b8b8b8',
  mtu: '#9ecae1',
} as const
const LEGEND = [
  [COLORS.reply, 'replies'],
  [COLORS.refused, 'refused'],
  [COLORS.silent, 'silent'],
  [COLORS.unsent, 'not sent'],
  [COLORS.mtu, 'path MTU below the interface’s'],
  [WRONG, 'not as expected'],
] as const

/**
 * Draws the results of a probe: a panel for each family, sources as rows, targets as columns, colored by what was
 * observed; unexpected results in a color of their own.
 * @returns a self-contained SVG without scripts, style sheets or external fonts
 */
export function probeSvg(title: string, matrix: ProbeMatrix): string {
  const { sources, targets, probe } = matrix
  const panels = ([4, 6] as const)
    .map(family => ({ family, columns: [...targets.keys()].filter(column => isProbed(matrix, column, family)) }))
    .filter(({ columns }) => columns.length > 0)
  const names = sources.map(({ pod, node }) => ({ pod, node }))
  const scale = scaleFor(names, Math.max(sources.length, ...panels.map(({ columns }) => columns.length), 1))
  const { cell, label } = scale
  const top = MARGIN + 2 * (FONT + 8) + label
  let x = MARGIN + label
  const parts = panels.map(({ family, columns }) => {
    const drawn = panel(matrix, { family, columns, x, y: top, ...scale })
    x += columns.length * cell + GAP + label
    return drawn
  })
  const [width, height] = [Math.max(760, Math.ceil(x)), Math.ceil(top + sources.length * cell + GAP + FONT + MARGIN)]
  const heading = `${title}: ${probeName(probe)}`
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="${FONT}">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${MARGIN}" y="${MARGIN + FONT}" font-size="${FONT + 3}" font-weight="bold">${escapeXml(heading)}</text>
<text x="${MARGIN}" y="${MARGIN + 2 * FONT + 8}">${escapeXml(describeMatrix(matrix))}</text>
${parts.join('\n')}
${legendLine(LEGEND, MARGIN, height - MARGIN - FONT)}
</svg>
`
}

const isProbed = ({ targets, rows }: ProbeMatrix, column: number, family: Family): boolean =>
  targets[column]?.family === family && rows.some(row => row[column])

interface Panel {
  readonly family: Family
  readonly columns: readonly number[]
  readonly x: number
  readonly y: number
  readonly cell: number
  readonly named: boolean
}

function panel(matrix: ProbeMatrix, { family, columns, x, y, cell, named }: Panel): string {
  const { sources, targets, rows } = matrix
  const isTitled = sources.length * columns.length <= MAX_TITLES
  const whys = new Map(matrix.wrong.map(({ source, target, why }) => [keyOf(source, target), why]))
  const runs = new Map<string, string[]>()
  const parts: string[] = [`<g transform="translate(${x} ${y})">`]
  for (const [row, source] of sources.entries()) {
    let [start, color] = [0, '']
    const close = (to: number) => {
      if (color)
        runs.set(color, [
          ...(runs.get(color) ?? []),
          `M${start * cell} ${row * cell}h${(to - start) * cell}v${cell}H${start * cell}z`,
        ])
    }
    for (const [position, column] of columns.entries()) {
      const target = targets[column]
      const observed = rows[row]?.[column]
      const why = target && whys.get(keyOf(source, target))
      const fill = observed ? (why === undefined ? colorOf(observed) : WRONG) : ''
      if (isTitled) {
        if (!observed || !target) continue
        const text = `${source.pod} → ${target.pod} ${target.address}: ${why ?? describeCell(observed)}`
        const rect = `<rect x="${position * cell}" y="${row * cell}" width="${cell - 1}" height="${cell - 1}" fill="${fill}">`
        parts.push(`${rect}<title>${escapeXml(text)}</title></rect>`)
      } else if (fill !== color) {
        close(position)
        ;[start, color] = [position, fill]
      }
    }
    if (!isTitled) close(columns.length)
  }
  for (const [color, paths] of runs) parts.push(`<path fill="${color}" d="${paths.join('')}"/>`)
  const [width, height] = [columns.length * cell, sources.length * cell]
  const heads = columns.flatMap(column => targets[column] ?? [])
  parts.push(axis(sources, width, cell, named, 'row'), axis(heads, height, cell, named, 'column'))
  parts.push(`<rect width="${width}" height="${height}" fill="none" stroke="#666666"/>`)
  parts.push(`<text x="0" y="${height + FONT + 4}" font-weight="bold">IPv${family}</text></g>`)
  return parts.join('\n')
}

const keyOf = (source: { pod: string; node: string }, target: { address: string }) =>
  `${source.node} ${source.pod} ${target.address}`

const colorOf = ({ kind }: Observation): string => COLORS[kind as keyof typeof COLORS] ?? WRONG
