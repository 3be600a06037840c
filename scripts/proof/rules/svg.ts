import type { Family } from '../../settings/family.ts'
import { drawPanel, FONT, GAP, legendLine, MARGIN, picture, scaleFor } from '../drawing.ts'
import { podKey } from '../network.ts'
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
  const { sources, targets, rows, probe } = matrix
  const whys = new Map(matrix.wrong.map(({ source, target, why }) => [keyOf(source, target), why]))
  const panels = ([4, 6] as const)
    .map(family => ({ family, columns: [...targets.keys()].filter(column => isProbed(matrix, column, family)) }))
    .filter(({ columns }) => columns.length > 0)
  const names = sources.map(({ pod, node }) => ({ pod, node }))
  const scale = scaleFor(names, Math.max(sources.length, ...panels.map(({ columns }) => columns.length), 1))
  const { cell, label } = scale
  const top = MARGIN + 2 * (FONT + 8) + label
  let x = MARGIN + label
  const parts = panels.map(({ family, columns }) => {
    const heads = columns.flatMap(column => targets[column] ?? [])
    const cellAt = (row: number, position: number) => {
      const [source, target] = [sources[row], heads[position]]
      const observed = rows[row]?.[columns[position] ?? -1]
      if (!source || !target || !observed) return undefined
      const why = whys.get(keyOf(source, target))
      const fill = why === undefined ? colorOf(observed) : WRONG
      const title = () => `${source.pod} → ${target.pod} ${target.address}: ${why ?? describeCell(observed)}`
      return { fill, title }
    }
    const drawn = drawPanel({ family, rows: sources, columns: heads, cellAt, x, y: top, ...scale })
    x += columns.length * cell + GAP + label
    return drawn
  })
  const [width, height] = [Math.max(760, Math.ceil(x)), Math.ceil(top + sources.length * cell + GAP + FONT + MARGIN)]
  const key = legendLine(LEGEND, MARGIN, height - MARGIN - FONT)
  return picture(`${title}: ${probeName(probe)}`, describeMatrix(matrix), [...parts, key], width, height)
}

const isProbed = ({ targets, rows }: ProbeMatrix, column: number, family: Family): boolean =>
  targets[column]?.family === family && rows.some(row => row[column])

const keyOf = (source: { pod: string; node: string }, target: { address: string }) =>
  `${podKey(source)} ${target.address}`

const colorOf = ({ kind }: Observation): string => COLORS[kind as keyof typeof COLORS] ?? WRONG
