import type { LogGroup, LogLine } from '../data.ts'

/** What of a log is wanted; what is undefined, or empty, does not matter. */
export interface Query {
  readonly text: string
  readonly step: number | undefined
  /** The node's position. */
  readonly node: number | undefined
  readonly onlyErrors: boolean
}

/** A group of which something is wanted, and what: positions in its lines. */
export interface Found {
  readonly group: LogGroup
  readonly lines: readonly number[]
}

/** Looks through a log; upper and lower case are the same. */
export function search(groups: readonly LogGroup[], { text, step, node, onlyErrors }: Query): readonly Found[] {
  const wanted = text.toLowerCase()
  const isWanted = ([, mark, line]: LogLine) =>
    (!onlyErrors || mark === '!') && (wanted === '' || line.toLowerCase().includes(wanted))
  return groups
    .filter(group => (step === undefined || group.step === step) && (node === undefined || group.node === node))
    .map(group => ({ group, lines: [...group.lines.keys()].filter(index => isWanted(group.lines[index] as LogLine)) }))
    .filter(({ lines }) => lines.length > 0)
}

/** Cuts a line where the text was found: every second piece is a place where it stands. */
export function pieces(line: string, text: string): readonly string[] {
  if (text === '') return [line]
  const [lower, wanted] = [line.toLowerCase(), text.toLowerCase()]
  // In a few languages the other case is longer: then places in one are none in the other.
  if (lower.length !== line.length) return [line]
  const found: string[] = []
  let from = 0
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    found.push(line.slice(from, at), line.slice(at, at + wanted.length))
    from = at + wanted.length
  }
  return [...found, line.slice(from)]
}
