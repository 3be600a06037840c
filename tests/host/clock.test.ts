import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { mock } from 'node:test'
import test from 'ava'
import { eventStream } from '../../scripts/events/stream.ts'
import { runClock } from '../../scripts/host/clock.ts'
import { junit } from '../../scripts/reporters/junit.ts'
import { results } from '../../scripts/reporters/results.ts'
import { summary } from '../../scripts/reporters/summary.ts'
import { failing } from '../reporters/fixtures/runs.ts'

const NETNS = path.resolve(import.meta.dirname, '../../netns.ts')

test.afterEach.always(() => mock.reset())

test.serial('setting the clock back during a run does not change durations in reports', async t => {
  const written: string[] = []
  const output = { write: (text: string) => written.push(text) }
  const listeners = [junit(output), results(output), summary(output, { color: false })]
  const { emit, close } = eventStream(listeners, line => t.fail(line))
  let now = Date.UTC(2026, 0, 1)
  mock.method(Date, 'now', () => {
    now -= 3_600_000
    return now
  })
  for (const event of failing) emit(event)
  await close()
  const text = written.join('')
  t.regex(text, /time="0\.\d{3}"/)
  t.notRegex(text, /time="-|\(-\d|"seconds": -/)
})

test.serial('runClock() returns the time of day and is monotonic', t => {
  t.true(Math.abs(runClock() - Date.now()) < 60_000)
  const times = Array.from({ length: 1000 }, runClock)
  t.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
})

test.serial('the program reports no negative duration when each call of Date.now() is an hour earlier', t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-clock-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  const fake = path.join(directory, 'fake.mjs')
  fs.writeFileSync(fake, 'let now = Date.now(); Date.now = () => (now -= 3_600_000)\n')
  // A file in place of the state directory makes the run fail early.
  fs.writeFileSync(path.join(directory, 'xcluster-netns'), '')
  const { stderr, status } = spawnSync(NETNS, ['test', 'bridge', '--reporter', `junit=${directory}/junit.xml`], {
    encoding: 'utf8',
    env: {
      ...process.env,
      NODE_OPTIONS: `--import=${fake}`,
      XDG_STATE_HOME: directory,
      XDG_CACHE_HOME: directory,
      CI: 'true',
    },
  })
  t.is(status, 3, stderr)
  t.regex(stderr, /Total time: \d+ s/)
  t.notRegex(stderr, /\(-/)
  t.notRegex(fs.readFileSync(path.join(directory, 'junit.xml'), 'utf8'), /time="-/)
})
