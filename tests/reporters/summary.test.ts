import test from 'ava'
import { summary } from '../../scripts/reporters/summary.ts'
import { interrupted, play } from './fixtures/runs.ts'

test('reports once what broke a run, and names the tests that were not run', async t => {
  const text = await play(interrupted, output => summary(output, { color: false }))
  t.is(text.match(/interrupted by SIGINT/g)?.length, 1, text)
  t.regex(text, /: not run: L2$/m)
})
