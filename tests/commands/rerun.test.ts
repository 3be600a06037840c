import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { rerun } from '../../scripts/commands/rerun.ts'

const again = (place: string) => rerun(place, {}, [], {}, new AbortController().signal)

test('what is no results.json of ours is refused, with its name', async t => {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-rerun-'))
  t.teardown(() => fs.rmSync(place, { recursive: true }))
  const file = path.join(place, 'results.json')
  await t.throwsAsync(again(place), { code: 'NO_RESULTS', message: new RegExp(file) })
  const invocation = { command: [], directory: '/', words: [], options: {}, ovls: [] }
  for (const [text, says] of [
    ['no JSON', /is no results.json/],
    ['[]', /is no results.json/],
    [JSON.stringify({ version: 1, tests: [] }), /is no results.json/],
    [JSON.stringify({ version: 2, invocation, tests: [] }), /has version 2, and this program reads 1/],
  ] as const) {
    fs.writeFileSync(file, text)
    await t.throwsAsync(again(place), { code: 'BAD_RESULTS', message: says })
    const error = await t.throwsAsync(again(file), { code: 'BAD_RESULTS' })
    t.like(error, { exitCode: 2 })
  }
})
