import type { MatrixData } from '../data.ts'
import { element } from './dom.ts'
import { LIMITS } from './matrix-colors.ts'
import { readMatrix, STATE_TEXTS } from './matrix-data.ts'
import { matrixPanel, type Panel } from './matrix-panel.ts'
import { wrongPairs } from './wrong-pairs.ts'

const [LEAST_CELL, MOST_CELL] = [2, 26]
/** Maximum size of a picture, because of browsers' limits. */
const MOST_PIXELS = 6000
/** Maximum width of two panels side by side, their share of the window, and room for names. */
const [MOST_FITTED, FITTING, NAMES] = [1400, 0.43, 80]

/** The matrix of a test: a panel for each family, a legend, and a table of wrong pairs. */
export async function matrixPart(data: MatrixData): Promise<readonly HTMLElement[]> {
  const matrix = await readMatrix(data)
  const readout = element('output', { class: 'readout' })
  const tell = (lines: readonly string[]) =>
    readout.replaceChildren(...lines.map((line, index) => element(index === 0 ? 'strong' : 'span', {}, line)))
  tell(['Point at a pair, or press Tab and the arrow keys'])
  const families = [...new Set(data.destinations.map(({ family }) => family))].sort()
  const panels = families.map(family => {
    const columns = [...data.destinations.keys()].filter(column => data.destinations[column]?.family === family)
    return { family, columns, panel: matrixPanel(matrix, family, columns, tell) }
  })
  const most = Math.max(data.sources.length, ...panels.map(({ columns }) => columns.length), 1)
  const largest = Math.max(LEAST_CELL, Math.min(MOST_CELL, Math.floor(MOST_PIXELS / most)))
  const place = element(
    'div',
    { class: 'panels' },
    ...panels.map(({ family, panel }) =>
      element(
        'figure',
        {},
        element('figcaption', {}, `IPv${family}`),
        element('div', { class: 'scroll' }, panel.element),
      ),
    ),
  )
  const zoom = zoomer(
    panels.map(({ panel }) => panel),
    largest,
  )
  const fitWindow = () => {
    const width = document.getElementById('main')?.clientWidth ?? 0
    zoom.set(Math.floor((Math.min(width, MOST_FITTED) * FITTING - NAMES) / most))
  }
  const buttons = zoom.buttons(fitWindow)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => zoom.redraw())
  fitWindow()
  const goTo = (row: number, column: number) => {
    const family = data.destinations[column]?.family
    panels.find(panel => panel.family === family)?.panel.goTo(row, column)
  }
  return [element('div', { class: 'controls' }, legend(data), buttons), readout, place, ...wrongPairs(matrix, goTo)]
}

function zoomer(panels: readonly Panel[], largest: number) {
  let cell = LEAST_CELL
  const redraw = () => {
    for (const { draw } of panels) draw(cell)
  }
  const set = (wanted: number) => {
    cell = Math.max(LEAST_CELL, Math.min(largest, Math.round(wanted)))
    redraw()
  }
  const button = (text: string, label: string, act: () => void) => {
    const made = element('button', { type: 'button', 'aria-label': label, title: label }, text)
    made.addEventListener('click', act)
    return made
  }
  const buttons = (fit: () => void) =>
    element(
      'span',
      { class: 'zoom' },
      button('−', 'Smaller', () => set(Math.min(cell - 1, cell / 1.5))),
      button('Fit', 'Fit the window', fit),
      button('+', 'Larger', () => set(Math.max(cell + 1, cell * 1.5))),
    )
  return { set, redraw, buttons }
}

/** The legend, with the number of pairs in each state. */
function legend({ counts }: MatrixData): HTMLElement {
  const names = ['own', 'reached', 'closed', 'missing', 'open', 'shared', 'cut'] as const
  const states = names
    .filter((name, index) => name !== 'own' && name !== 'reached' && (counts[index] ?? 0) > 0)
    .map(name =>
      element(
        'li',
        {},
        element('span', { class: `key ${name}` }),
        `${STATE_TEXTS[name]} (${(counts[names.indexOf(name)] ?? 0).toLocaleString('en')})`,
      ),
    )
  const times = LIMITS.map((limit, index) =>
    element(
      'li',
      {},
      element('span', { class: `key time-${index}` }),
      Number.isFinite(limit) ? `< ${limit} ms` : `≥ ${LIMITS[index - 1]} ms`,
    ),
  )
  return element('ul', { class: 'legend', 'aria-label': 'Colors of the matrix' }, ...times, ...states)
}
