import test from 'ava'
import fc from 'fast-check'
import { alignColumns } from '../../scripts/reporters/columns.ts'

test('aligns cells with headings, without trailing blanks and with equal numbers of words', t => {
  const cell = fc.stringMatching(/^[!-~]{0,30}$/)
  const tables = fc.integer({ min: 1, max: 8 }).chain(width => {
    const row = fc.array(cell, { minLength: width, maxLength: width })
    return fc.array(row, { minLength: 1, maxLength: 10 })
  })
  fc.assert(
    fc.property(tables, rows => {
      const lines = alignColumns(rows).split('\n')
      t.is(lines.pop(), '')
      t.is(lines.length, rows.length)
      const cells = lines.map(line => line.split(/ +/))
      t.deepEqual(
        cells,
        rows.map(row => row.map(text => text || '-')),
      )
      rows[0]?.forEach((_, column) => {
        const widest = Math.max(...rows.map(row => row.slice(0, column).reduce((sum, text) => sum + text.length, 0)))
        const begins = new Set(lines.map(line => beginOf(line, column)))
        t.is(begins.size, 1)
        t.true([...begins].every(begin => begin >= widest))
      })
    }),
  )
})

test('removes control characters from names', t => {
  t.is(
    alignColumns([
      ['A', 'B'],
      ['a\u001b[2J\u202eb\n', 'c'],
    ]),
    'A    B\nab   c\n',
  )
})

/** Columns of the words of a line. */
const beginOf = (line: string, column: number) => [...line.matchAll(/\S+/g)][column]?.index ?? -1
