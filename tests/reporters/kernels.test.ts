import test from 'ava'
import type { RunEvent } from '../../scripts/events/events.ts'
import { recorder } from '../../scripts/events/recorder.ts'
import { stepSummary } from '../../scripts/reporters/github/step-summary.ts'
import { json } from '../../scripts/reporters/json.ts'
import { junit } from '../../scripts/reporters/junit.ts'
import { results } from '../../scripts/reporters/results.ts'
import { summary } from '../../scripts/reporters/summary.ts'
import { tap } from '../../scripts/reporters/tap.ts'
import { conforms } from '../schema.ts'
import { play } from './fixtures/runs.ts'

const NEW = '6.12.90-cloud'
const IMAGE = { name: 'guest image', release: 'bookworm', architecture: 'arm64', packages: { jq: '1.6' } }

/** Two tests on two kernels: L3 fails on the newer one, and was not run on the older one. */
function* events(): Generator<RunEvent> {
  const at = 1_767_225_600_000
  const tests = ['bridge@6.1', 'L3@6.1', 'bridge@6.12', 'L3@6.12']
  yield { at, type: 'run-start', tests, kernels: ['6.1', '6.12'] }
  for (const [name, version, verdict] of [
    ['bridge@6.1', '6.1.0-50', 'passed'],
    ['bridge@6.12', NEW, 'passed'],
    ['L3@6.12', NEW, 'failed'],
  ] as const) {
    yield { at, type: 'test-start', test: name, summary: 'PODs', settings: [] }
    yield { at, type: 'provenance', test: name, component: { name: 'guest kernel', version } }
    yield { at, type: 'provenance', test: name, component: IMAGE }
    yield { at: at + 1000, type: 'test-end', test: name, verdict, why: undefined }
  }
  yield { at, type: 'test-skipped', test: 'L3@6.1', why: 'the kernel has no vxlan' }
  yield { at: at + 2000, type: 'run-end', verdict: 'failed', failures: [], seconds: 2, left: undefined }
}

test('the summary ends with a column for each kernel', async t => {
  const text = await play([...events()], output => summary(output, { color: false }))
  t.regex(
    text,
    /: kernel +6\.1 \(6\.1\.0-50\) +6\.12 \(6\.12\.90-cloud\)\n.*: bridge +passed +passed\n.*: L3 +skipped +failed\n/,
  )
})

test('the step summary has a column for each kernel', t => {
  const record = recorder({ head: 0, tail: 0 })
  for (const event of events()) record.on(event)
  const text = stepSummary(record.run)
  t.true(text.includes('| kernel | <code>6.1 (6.1.0-50)</code> | <code>6.12 (6.12.90-cloud)</code> |\n|'), text)
  t.true(text.includes('| <code>L3</code> | skipped | ❌ failed |\n'), text)
})

test('results.json has the table, and release, snapshot and package versions of the image', async t => {
  const found = JSON.parse(await play([...events()], results))
  conforms(t, 'results', found)
  t.deepEqual(found.kernels, {
    kernels: [
      { name: '6.1', version: '6.1.0-50' },
      { name: '6.12', version: NEW },
    ],
    rows: [
      { test: 'bridge', verdicts: ['passed', 'passed'] },
      { test: 'L3', verdicts: ['skipped', 'failed'] },
    ],
  })
  t.deepEqual(found.tests[0].components[1], IMAGE)
})

test('JUnit, TAP and JSON name the kernel of each test', async t => {
  const xml = await play([...events()], junit)
  t.true(xml.includes('<testsuite name="L3@6.12"'), xml)
  t.true(xml.includes(`<property name="guest kernel" value="${NEW}"/>`), xml)
  t.true((await play([...events()], tap)).includes('ok 2 - bridge@6.12'))
  for (const line of (await play([...events()], json)).trim().split('\n')) conforms(t, 'event', JSON.parse(line))
})
