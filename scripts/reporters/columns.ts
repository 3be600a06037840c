import { plainText } from '../host/text.ts'

/** Two: so columns are told apart where a value holds a space. */
const BETWEEN = '   '

/**
 * A table for a terminal and for line-oriented tools: one line a row, columns as wide as what is in them, the last one ragged.
 * @param rows the first one holds the headings; a cell that is empty becomes `-`, so that every row has as many words
 */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const cells = rows.map(row => row.map(cell => plainText(cell) || '-'))
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell)).join(BETWEEN)
  return cells.map(row => `${line(row)}\n`).join('')
}
