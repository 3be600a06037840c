import test from 'ava'
import { summary } from '../../scripts/reporters/summary.ts'
import { interrupted, play } from './fixtures/runs.ts'

test('what broke a run is said once; what was not run is named', async t => {
  const text = await play(interrupted, output => summary(output, { color: false }))
  t.is(text.match(/interrupted by SIGINT/g)?.length, 1, text)
  t.regex(text, /: not run: L2$/m)
})
