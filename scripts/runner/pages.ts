import fs from 'node:fs'
import path from 'node:path'
import { stepName } from '../cases/steps.ts'
import type { TestCase } from '../cases/test-case.ts'

const BEGIN = '<!-- tests -->\n'
const END = '<!-- /tests -->\n'

/** The pages with a table of all tests, and its rows. */
const TABLES: Readonly<Record<string, (tests: readonly TestCase[]) => readonly (readonly string[])[]>> = {
  'README.md': tests => [
    ['test', 'what it shows'],
    ...tests.map(({ name, summary }) => [linked(name, 'scripts/connections'), summary]),
  ],
  'docs/connections.md': tests => [
    ['test', 'what it shows', 'steps'],
    ...tests.map(({ name, summary, steps }) => [
      linked(name, '../scripts/connections'),
      summary,
      [...new Set(steps.map(step => `\`${stepName(step)}\``))].join(', '),
    ]),
  ],
}

export const PAGES_WITH_TESTS = Object.keys(TABLES)

const linked = (name: string, connections: string) => `[\`${name}\`](${connections}/${name}/README.md)`

/**
 * Updates a page's table of tests.
 * @param top of the repository
 * @param page its path there
 */
export function pageWithTests(top: string, page: string, tests: readonly TestCase[]): string {
  const text = fs.readFileSync(path.join(top, page), 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  const table = TABLES[page]
  if (!table || begin < 0 || end < begin) throw new Error(`${page} has no place for the table of tests`)
  const shown = table(tests.filter(({ sameAs }) => !sameAs))
  const [head = [], ...rows] = shown.map(cells => `| ${cells.join(' | ')} |\n`)
  const rule = `|${'---|'.repeat(shown[0]?.length ?? 0)}\n`
  return `${text.slice(0, begin)}${BEGIN}\n${head}${rule}${rows.join('')}\n${text.slice(end)}`
}
