import { plainText } from '../host/text.ts'

/** At least two spaces: values may contain one. */
const BETWEEN = '   '

/**
 * Aligns a table for terminals and line-oriented tools: one line per row, the last column ragged.
 * @param rows headings first; an empty cell becomes `-`, so that all rows have the same number of words
 */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const cells = rows.map(row => row.map(cell => plainText(cell) || '-'))
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell)).join(BETWEEN)
  return cells.map(row => `${line(row)}\n`).join('')
}
