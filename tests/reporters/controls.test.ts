import test from 'ava'
import { json } from '../../scripts/reporters/json.ts'
import { results } from '../../scripts/reporters/results.ts'
import { play, writing } from './fixtures/runs.ts'

const LINE = 'vm-001 \u009b2J\u202enot \u2028ok\u007f'

for (const [name, reporter] of [
  ['json', json],
  ['results', results],
] as const) {
  test(`${name} removes control characters, and keeps the text`, async t => {
    const text = await play(writing([LINE]), reporter)
    t.notRegex(text, /[\x7f-\x9f\u202e\u2028]/)
    t.true(text.includes(JSON.stringify(LINE).slice(1, 8)))
    t.true(text.split('\n').length > 1)
  })
}
