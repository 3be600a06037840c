import cliTruncate from 'cli-truncate'
import { plainText } from '../../host/text.ts'
import { BOLD, DIM, GREEN, type Paint, RED } from '../paint.ts'
import type { NodeProgress, Progress } from './progress.ts'

/** Available space in characters. */
export interface Room {
  readonly columns: number
  readonly rows: number
}

type State = NodeProgress['state']

/** Signs for nodes without a line: ASCII, readable without color and in any locale. */
const SIGNS: Readonly<Record<State, string>> = { waiting: '.', done: 'o', failed: 'F' }
const COLORS: Readonly<Record<State, string>> = { waiting: DIM, done: GREEN, failed: RED }
const GROUP = 10

/**
 * Renders progress: a line for each node if there is room; otherwise a sign for each,
 * and lines for failed and late ones.
 * @param now milliseconds since the epoch, by the run's clock
 * @returns at most half of the rows, each shorter than a row
 */
export function frame(progress: Progress, now: number, { columns, rows }: Room, paint: Paint): readonly string[] {
  // A full row wraps on some terminals.
  const width = Math.max(1, columns - 1)
  // Earlier lines stay visible, and a frame higher than the terminal could not be erased.
  const height = Math.max(1, Math.floor(rows / 2))
  const lines = [header(progress, now, width, paint)]
  const nodes = [...progress.nodes.values()]
  if (progress.of > 0) {
    const line = lineOf(progress, now, paint)
    const room = height - lines.length - 1
    const isList = nodes.length <= room
    lines.push(counts(progress, nodes, isList, paint))
    lines.push(...(isList ? nodes.map(line) : many(nodes, room, width, line, paint)))
  }
  return lines.slice(0, height).map(line => cut(line, width))
}

/** `[1/3] bridge: step 2 of 4, bridge_ping, 4 s`, and the time of the run at the right. */
function header(progress: Progress, now: number, width: number, paint: Paint): string {
  const { begun, tests, position, test, activity, done, since } = progress
  const which = test && `${tests > 1 ? `[${position}/${tests}] ` : ''}${test}: `
  const time = clock(now - begun)
  const room = Math.max(1, width - time.length - 2)
  return `${paint(BOLD, cut(`${which}${activity}${done}, ${seconds(now - since)}`, room).padEnd(room))}  ${time}`
}

/** Counts by state, with signs if nodes are shown by signs. */
function counts({ words, of }: Progress, nodes: readonly NodeProgress[], isList: boolean, paint: Paint): string {
  const inState = (wanted: State) => nodes.filter(({ state }) => state === wanted).length
  const [done, failed] = [inState('done'), inState('failed')]
  const told: [State, number, string][] = [
    ['done', done, words.done],
    ['waiting', of - done - failed, words.waiting],
    ['failed', failed, 'FAILED'],
  ]
  const shown = told.filter(([state, count]) => state !== 'failed' || count > 0)
  const sign = (state: State) => (isList ? '' : `${SIGNS[state]} `)
  return shown.map(([state, count, word]) => paint(COLORS[state], `${sign(state)}${count} ${word}`)).join('   ')
}

/** `  vm-002  FAILED      0.9 s  vm-002-ns03 172.16.2.3 does not answer` */
const lineOf =
  ({ words, since }: Progress, now: number, paint: Paint) =>
  ({ name, state, milliseconds, text }: NodeProgress): string => {
    const word = (state === 'failed' ? 'FAILED' : words[state]).padEnd(9)
    const time = milliseconds === undefined ? seconds(now - since) : tenths(milliseconds)
    return `  ${name.padEnd(6)}  ${paint(COLORS[state], word)} ${time.padStart(7)}  ${printable(text)}`.trimEnd()
  }

function many(
  nodes: readonly NodeProgress[],
  room: number,
  width: number,
  line: (node: NodeProgress) => string,
  paint: Paint,
): readonly string[] {
  const cells = cellsOf(nodes, width, paint)
  const failed = nodes.filter(({ state }) => state === 'failed')
  const waiting = nodes.filter(({ state }) => state === 'waiting')
  // All start together: those that are not done when most are done are late.
  const late = waiting.length * 2 <= nodes.length ? waiting : []
  const left = Math.max(0, room - cells.length)
  const forLate = late.length === 0 ? 0 : Math.max(1, Math.min(late.length, left - failed.length))
  return [
    ...(cells.length <= room ? cells : []),
    ...listed(failed, left - forLate, line, 'more failed'),
    ...listed(late, forLate, line, waitingWord(late)),
  ]
}

const waitingWord = (late: readonly NodeProgress[]) => (late.length === 1 ? 'is not done yet' : 'are not done yet')

/** Lists as many as fit; a last line names the others. */
function listed(
  nodes: readonly NodeProgress[],
  room: number,
  line: (node: NodeProgress) => string,
  rest: string,
): readonly string[] {
  if (nodes.length <= room) return nodes.map(line)
  if (room < 1) return []
  const others = nodes.slice(room - 1)
  const names = others.map(({ name }) => name).join(' ')
  return [...nodes.slice(0, room - 1).map(line), `  ${others.length} ${rest}: ${names}`]
}

/** A sign for each node, in groups of ten; each row starts with the name of its first node. */
function cellsOf(nodes: readonly NodeProgress[], width: number, paint: Paint): readonly string[] {
  const label = Math.max(...nodes.map(({ name }) => name.length)) + 4
  const groups = Math.max(1, Math.floor((width - label) / (GROUP + 1)))
  // Rows of fifty or a hundred are easy to count.
  const inRow = GROUP * (groups >= 5 ? groups - (groups % 5) : groups)
  return chunks(nodes, inRow).map(row => {
    const cells = chunks(row, GROUP).map(group => group.map(({ state }) => SIGNS[state]).join(''))
    return `  ${(row[0]?.name ?? '').padEnd(label - 2)}${paintCells(cells.join(' '), paint)}`
  })
}

/** One code for equal adjacent signs, to reduce output. */
const paintCells = (cells: string, paint: Paint): string =>
  cells.replace(/([.oF])(?:\1| (?=\1))*/g, signs => paint(COLORS[stateOf(signs)], signs))

const stateOf = (signs: string): State => (signs[0] === 'F' ? 'failed' : signs[0] === 'o' ? 'done' : 'waiting')

const chunks = <T>(values: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(values.length / size) }, (_, index) => values.slice(index * size, (index + 1) * size))

const HEAD = /^TEST CASE: /

/** Replaces tabs, whose width depends on the column. */
const printable = (text: string): string => plainText(text.slice(0, 1000)).replace(HEAD, '').replaceAll('\t', ' ')

const cut = (text: string, width: number): string => cliTruncate(text, width, { truncationCharacter: '~' })

const seconds = (milliseconds: number): string => `${Math.max(0, Math.floor(milliseconds / 1000))} s`

const tenths = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`

/** `0:42`, `1:02:03` */
function clock(milliseconds: number): string {
  const total = Math.max(0, Math.floor(milliseconds / 1000))
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}
