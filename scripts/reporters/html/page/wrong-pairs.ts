import { element } from './dom.ts'
import { describePair, isWrong, type ReadMatrix, STATE_TEXTS } from './matrix-data.ts'
import { plainTable } from './table.ts'
import { count } from './words.ts'

/** Maximum rows of the table. */
const MOST_WRONG = 200
/** Maximum rows of the table of most affected PODs, and minimum of wrong pairs to show it. */
const [MOST_PODS, LEAST_WRONG] = [8, 4]

type Pair = readonly [row: number, column: number]

/** A table of wrong pairs, after one of the most affected PODs. */
export function wrongPairs(matrix: ReadMatrix, goTo: (row: number, column: number) => void): readonly HTMLElement[] {
  const wrong: Pair[] = []
  for (const row of matrix.sources.keys())
    for (const column of matrix.destinations.keys()) if (isWrong(matrix.cell(row, column))) wrong.push([row, column])
  if (wrong.length === 0) return []
  const rows = wrong.slice(0, MOST_WRONG).map(([row, column]) => {
    const [source, destination] = [matrix.sources[row], matrix.destinations[column]]
    const { state, sent, received } = matrix.cell(row, column)
    const show = element('button', { type: 'button', title: describePair(matrix, row, column)[0] }, 'Show')
    show.addEventListener('click', () => goTo(row, column))
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, source?.pod ?? ''),
      element('td', {}, destination?.pod ?? ''),
      element('td', {}, element('code', {}, destination?.address ?? '')),
      element('td', { class: 'bad' }, element('span', { class: `key ${state}` }), STATE_TEXTS[state]),
      element('td', { class: 'number' }, `${received} of ${sent}`),
      element('td', {}, show),
    )
  })
  const caption = `${count(wrong.length, 'wrong pair')}`
  const heads = ['From', 'To', 'Address', 'What', 'Packets', 'In the matrix']
  const table = plainTable({ caption, isShown: true }, heads, rows)
  const more = wrong.length - MOST_WRONG
  return [
    ...(wrong.length >= LEAST_WRONG ? [mostAffected(matrix, wrong)] : []),
    element('div', { class: 'scroll wrong', tabindex: 0, role: 'group', 'aria-label': 'Wrong pairs' }, table),
    ...(more > 0
      ? [element('p', { class: 'none' }, `and ${more.toLocaleString('en')} more: N goes to them in the matrix`)]
      : []),
  ]
}

/** An isolated POD causes hundreds of wrong pairs, by far the most. */
function mostAffected(matrix: ReadMatrix, wrong: readonly Pair[]): HTMLElement {
  const counts = new Map<string, { readonly pod: string; from: number; to: number }>()
  const countOf = (pod: string) => {
    const found = counts.get(pod) ?? { pod, from: 0, to: 0 }
    counts.set(pod, found)
    return found
  }
  for (const [row, column] of wrong) {
    countOf(matrix.sources[row]?.pod ?? '').from++
    countOf(matrix.destinations[column]?.pod ?? '').to++
  }
  const sorted = [...counts.values()].sort((a, b) => b.from + b.to - a.from - a.to)
  const most = sorted[0] ? sorted[0].from + sorted[0].to : 0
  const shown = sorted.filter(({ from, to }) => from + to >= most / 2).slice(0, MOST_PODS)
  const addressesOf = (pod: string) => matrix.destinations.filter(destination => destination.pod === pod).length
  const all = matrix.destinations.length
  const rows = shown.map(({ pod, from, to }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, pod),
      element('td', { class: 'number' }, `${from} of ${all - addressesOf(pod)}`),
      element('td', { class: 'number' }, `${to} of ${addressesOf(pod) * (matrix.sources.length - 1)}`),
    ),
  )
  return plainTable({ caption: 'PODs with the most of them', isShown: true }, ['POD', 'From it', 'To it'], rows)
}
