import type { LogGroup, LogLine } from '../data.ts'

/** A search in a log; undefined and empty members match everything. */
export interface Query {
  readonly text: string
  readonly step: number | undefined
  /** Index of the node. */
  readonly node: number | undefined
  readonly onlyErrors: boolean
}

/** A group with matches, by index of its lines. */
export interface Found {
  readonly group: LogGroup
  readonly lines: readonly number[]
}

/** Searches a log, ignoring case. */
export function search(groups: readonly LogGroup[], { text, step, node, onlyErrors }: Query): readonly Found[] {
  const wanted = text.toLowerCase()
  const isWanted = ([, mark, line]: LogLine) =>
    (!onlyErrors || mark === '!') && (wanted === '' || line.toLowerCase().includes(wanted))
  return groups
    .filter(group => (step === undefined || group.step === step) && (node === undefined || group.node === node))
    .map(group => ({ group, lines: [...group.lines.keys()].filter(index => isWanted(group.lines[index] as LogLine)) }))
    .filter(({ lines }) => lines.length > 0)
}

/** Splits a line at matches: every second piece is a match. */
export function pieces(line: string, text: string): readonly string[] {
  if (text === '') return [line]
  const [lower, wanted] = [line.toLowerCase(), text.toLowerCase()]
  // In a few languages, changing case changes the length: then positions do not correspond.
  if (lower.length !== line.length) return [line]
  const found: string[] = []
  let from = 0
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    found.push(line.slice(from, at), line.slice(at, at + wanted.length))
    from = at + wanted.length
  }
  return [...found, line.slice(from)]
}
