import path from 'node:path'
import test from 'ava'
import type { Listener, RunEvent } from '../../scripts/events/events.ts'
import { github } from '../../scripts/reporters/github/github.ts'
import { json } from '../../scripts/reporters/json.ts'
import { junit } from '../../scripts/reporters/junit.ts'
import { log } from '../../scripts/reporters/log.ts'
import { results } from '../../scripts/reporters/results.ts'
import { summary } from '../../scripts/reporters/summary.ts'
import { tap } from '../../scripts/reporters/tap.ts'
import { incomplete, play } from './fixtures/runs.ts'
import { directory, report } from './html/report.ts'

const MESSAGE = 'bridge: passed, but the results of vm-002 are incomplete: lost'

const REPORTERS: Readonly<Record<string, readonly [(output: { write(text: string): unknown }) => Listener, RegExp]>> = {
  summary: [
    output => summary(output, { color: false }),
    new RegExp(`BROKEN: 1 of 1 test: bridge\\n.*: ${MESSAGE}\\n.*Total`),
  ],
  log: [log, new RegExp(`broken: ${MESSAGE}`)],
  junit: [junit, new RegExp(`<error message="${MESSAGE}" type="broken">`)],
  tap: [tap, /^not ok 1 - bridge\n {2}---\n {2}verdict: broken\n {2}message: "?passed, but the results of vm-002/m],
  json: [json, /"verdict":"broken","why":"passed, but the results of vm-002 are incomplete: lost"/],
  results: [results, /"why": "passed, but the results of vm-002 are incomplete: lost"/],
  github: [output => github(output, undefined), new RegExp(`^::error .*::${MESSAGE}`, 'm')],
}

for (const [name, [reporter, says]] of Object.entries(REPORTERS)) {
  test(`${name} reports a pass with incomplete results as broken`, async t => {
    const text = await play(incomplete, reporter)
    t.regex(text, says)
    t.notRegex(text, /^ok 1 - bridge|passed: 1 test/m)
  })
}

test('html reports a pass with incomplete results as broken', async t => {
  const events = incomplete.map(event => ({ at: 1_700_000_000_000, ...event }) as RunEvent)
  const text = await report(path.join(directory(t), 'r.html'), events)
  t.regex(text, /<title>broken: bridge/)
  t.regex(text, /<noscript>\s*<h1>broken<\/h1>[\s\S]*passed, but the results of vm-002[\s\S]*<\/noscript>/)
})
