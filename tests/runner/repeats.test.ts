import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { onWorkers, type TestCase } from '../../scripts/cases/test-case.ts'
import type { Cluster } from '../../scripts/cluster/cluster.ts'
import { environmentFailure } from '../../scripts/errors/failure.ts'
import type { NewEvent } from '../../scripts/events/events.ts'
import type { RunRequest } from '../../scripts/runner/plan.ts'
import { runTests } from '../../scripts/runner/runner.ts'
import { readSettings } from '../../scripts/settings/settings.ts'
import type { Connection } from '../../scripts/ssh/connection.ts'
import type { Node } from '../../scripts/ssh/node.ts'

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-again-'))
test.after.always(() => fs.rmSync(home, { recursive: true }))

const nothing = new AbortController().signal

/** Runs tests on a node whose steps exit with these statuses in turn, then with 0; it has no evidence. */
async function play(
  names: readonly string[],
  exitCodes: readonly number[],
  more: Partial<RunRequest['repeatPolicy']>,
  options = {},
  lacking = false,
) {
  const codes = [...exitCodes]
  const events: NewEvent[] = []
  const clusters: string[] = []
  const connection = {
    run: async (command: string) => (command.includes('tcase_') ? (codes.shift() ?? 0) : 1),
    close: () => {},
  } as unknown as Connection
  const node: Node = { name: 'vm-001', number: 1, role: 'worker', connection }
  const cluster: Cluster = {
    kind: 'simulated',
    start: async ({ test: name, beside }) => {
      const which = `${name}${beside ? ' beside' : ''}`
      if (beside && lacking) throw environmentFailure('NO_MEMORY', 'there is not enough')
      return {
        name: 'default',
        nodes: [node],
        keep: async () => void clusters.push(`${which} kept`),
        verify: async () => {},
        stop: async () => void clusters.push(`${which} stopped`),
        console: async () => '',
        diagnose: async () => ({ gone: false, how: '', console: [] }),
      }
    },
    attach: async () => {
      throw new Error('there is none')
    },
  }
  const settings = readSettings(options, { HOME: home })
  const testOf = (name: string): TestCase => ({
    name,
    file: import.meta.filename,
    summary: '',
    needs: {},
    steps: [onWorkers('version')],
  })
  const result = await runTests({
    plan: names.map(name => ({ test: testOf(name), settings, cluster, optional: false })),
    extraOvls: [],
    strict: false,
    repeatPolicy: { repeats: 1, retries: 0, bail: false, ...more },
    emit: event => events.push(event),
    signal: nothing,
  })
  const ends = events.flatMap(event => (event.type === 'test-end' ? [event] : []))
  const told = ends.map(({ test: name, verdict, turn, retried }) =>
    [name, verdict, ...(turn ? [`${turn.repeat}/${turn.attempt}`] : []), ...(retried ? ['retried'] : [])].join(' '),
  )
  const notices = events.flatMap(event => (event.type === 'notice' ? [event.text] : []))
  return { result, told, clusters, notices }
}

test('runs all tests after a failure, and leaves the cluster of the failed one running', async t => {
  const { result, told, clusters } = await play(['a', 'b', 'c'], [0, 1], {})
  t.deepEqual(told, ['a passed', 'b failed', 'c passed'])
  t.deepEqual(clusters, ['a stopped', 'c beside stopped', 'b kept'])
  t.like(result, { verdict: 'failed', flaky: [], notRun: undefined })
  t.deepEqual(result.left, { name: 'default', test: 'b' })
})

test('leaves the cluster of the last failure running, and stops the earlier ones', async t => {
  const { result, told, clusters } = await play(['a', 'b', 'c'], [1, 0, 1], {})
  t.deepEqual(told, ['a failed', 'b passed', 'c failed'])
  t.deepEqual(clusters, ['b beside stopped', 'a stopped', 'c beside kept'])
  t.is(result.left?.test, 'c')
})

test('stops the cluster of a failure, with a notice, if the next one does not fit', async t => {
  const { told, clusters, notices, result } = await play(['a', 'b'], [1, 0], {}, {}, true)
  t.deepEqual(told, ['a failed', 'b passed'])
  t.deepEqual(clusters, ['a stopped', 'b stopped'])
  t.deepEqual(notices, ['the cluster of a, which failed, is stopped: there is not enough'])
  t.is(result.left, undefined)
})

test('stops after the first failure with --bail, with the reason', async t => {
  const { result, told, clusters } = await play(['a', 'b'], [1], { bail: true })
  t.deepEqual(told, ['a failed'])
  t.deepEqual(clusters, ['a kept'])
  t.regex(result.notRun ?? '', /--bail/)
})

test('retries a failure on a new cluster with --retry, and reports a later pass as flaky', async t => {
  const { result, told, clusters } = await play(['a', 'b'], [1, 1, 0, 0], { retries: 2 })
  t.deepEqual(told, ['a failed 1/1 retried', 'a failed 1/2 retried', 'a passed 1/3', 'b passed 1/1'])
  t.deepEqual(clusters, ['a stopped', 'a stopped', 'a stopped', 'b stopped'])
  t.like(result, { verdict: 'passed', flaky: ['a'], failures: [] })
})

test('counts a test that fails at every attempt once, and leaves its last cluster running', async t => {
  const { result, told, clusters } = await play(['a'], [1, 1], { retries: 1 })
  t.deepEqual(told, ['a failed 1/1 retried', 'a failed 1/2'])
  t.deepEqual(clusters, ['a stopped', 'a kept'])
  t.is(result.verdict, 'failed')
  t.is(result.failures.length, 1)
  t.is(result.left?.name, 'default')
})

test('repeats all tests with --repeat; in a pipeline, also after a failure', async t => {
  const { result, told } = await play(['a', 'b'], [0, 1], { repeats: 2 }, { CI: 'true' })
  t.deepEqual(told, ['a passed 1/1', 'b failed 1/1', 'a passed 2/1', 'b passed 2/1'])
  t.is(result.verdict, 'failed')
})

test('stops after a failure with --bail, in a pipeline, too', async t => {
  const { told } = await play(['a', 'b'], [1], { bail: true }, { CI: 'true' })
  t.deepEqual(told, ['a failed'])
})

test('repeats until a failure, without limit', async t => {
  const { result, told } = await play(['a'], [0, 0, 0, 0, 1], { repeats: Number.POSITIVE_INFINITY, bail: true })
  t.is(told.length, 5)
  t.is(told[4], 'a failed 5/1')
  t.is(result.verdict, 'failed')
})
