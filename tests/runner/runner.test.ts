import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Writable } from 'node:stream'
import test from 'ava'
import { onWorkers, type TestCase } from '../../scripts/cases/test-case.ts'
import type { Cluster } from '../../scripts/cluster/cluster.ts'
import { infrastructureFailure } from '../../scripts/errors/failure.ts'
import type { NewEvent } from '../../scripts/events/events.ts'
import { runTests } from '../../scripts/runner/runner.ts'
import { readSettings } from '../../scripts/settings/settings.ts'
import type { CommandStreams } from '../../scripts/ssh/command.ts'
import type { Connection } from '../../scripts/ssh/connection.ts'

// For the evidence of failures.
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-runner-'))
test.after.always(() => fs.rmSync(home, { recursive: true }))

/** A command on a node: its exit status and stderr. */
type Answer = (node: string, command: string) => readonly [exitCode: number, complaint?: string]

/** A cluster of three nodes; `calls` records calls. */
function cluster(calls: string[], answer: Answer): Cluster {
  const nodeOf = (number: number) => {
    const name = `vm-00${number}`
    const run = async (command: string, { stderr }: CommandStreams) => {
      calls.push(`${name} ${command}`)
      const [exitCode, complaint] = answer(name, command)
      if (complaint) await write(stderr, `${complaint}\n`)
      return exitCode
    }
    const connection = { run, close: () => {} } as unknown as Connection
    return { name, number, role: 'worker' as const, connection }
  }
  const running = async () => ({
    name: 'default',
    nodes: [1, 2, 3].map(nodeOf),
    keep: async () => void calls.push('keep'),
    verify: async () => {},
    stop: async () => void calls.push('stop'),
    console: async () => '',
    diagnose: async () => ({ gone: false, how: 'its QEMU still runs', console: [] }),
  })
  return { kind: 'embedded', start: running, attach: running }
}

const write = (stream: Writable, text: string) => new Promise<void>(resolve => stream.write(text, () => resolve()))

interface Options {
  readonly optional?: boolean
  readonly strict?: boolean
}

function runOne(testCase: Partial<TestCase>, answer: Answer, { optional = false, strict = false }: Options = {}) {
  const [calls, events]: [string[], NewEvent[]] = [[], []]
  const mine: TestCase = {
    name: 'mine',
    file: import.meta.filename,
    summary: '',
    needs: {},
    steps: [onWorkers('one'), onWorkers('two')],
    ...testCase,
  }
  const settings = readSettings({}, { HOME: home })
  const run = runTests({
    plan: [{ test: mine, settings, cluster: cluster(calls, answer), optional }],
    extraOvls: [],
    strict,
    repeatPolicy: settings.repeatPolicy,
    emit: event => events.push(event),
    signal: new AbortController().signal,
  })
  return { run, calls, skipped: () => events.flatMap(event => (event.type === 'test-skipped' ? [event.why] : [])) }
}

test('fails a step that fails on any node: reports all failures, runs no further step, leaves the cluster running', async t => {
  const { run, calls } = runOne({}, node => (node === 'vm-002' ? [0] : [1, `09:00:00 (${node}): FAILED: no ${node}`]))
  const { verdict, failures, left } = await run
  t.is(verdict, 'failed')
  t.deepEqual(
    failures.map(({ node, step, why }) => [node, step, why]),
    [
      ['vm-001', 'one', 'no vm-001'],
      ['vm-003', 'one', 'no vm-003'],
    ],
  )
  t.is(left?.name, 'default')
  t.is(calls.at(-1), 'keep')
  t.false(calls.some(call => call.includes('tcase_two')))
})

test('reports a command without an exit status as broken, not as passed', async t => {
  const { run } = runOne({}, node => {
    if (node === 'vm-003') throw infrastructureFailure('NO_EXIT_CODE', 'vm-003: ended without an exit code')
    return [0]
  })
  const { verdict, failures } = await run
  t.is(verdict, 'broken')
  t.regex(failures[0]?.why ?? '', /without an exit code; its QEMU still runs/)
})

const needing: Partial<TestCase> = { needs: { kinds: ['vxlan'] } }
const lacking: Answer = (node, command) =>
  command.includes('prerequisites') && node === 'vm-002' ? [1, 'netns_test: this node lacks interfaces:vxlan'] : [0]

test('skips an optional test if a kernel lacks its interface kinds, with the reason, and stops its cluster', async t => {
  const { run, calls, skipped } = runOne(needing, lacking, { optional: true })
  t.like(await run, { verdict: 'passed', failures: [], left: undefined })
  t.deepEqual(calls.slice(2), ['vm-003 exec netns_test prerequisites vxlan', 'stop'])
  t.regex(skipped()[0] ?? '', /^mine needs .*vxlan: vm-002: .*lacks interfaces:vxlan$/)
  t.like(await runOne(needing, lacking, { optional: true, strict: true }).run, { verdict: 'failed' })
})

test('refuses such a test if it is selected by name', async t => {
  const { run, calls } = runOne(needing, lacking)
  await t.throwsAsync(run, { code: 'NO_KIND', message: /vxlan/ })
  t.is(calls.at(-1), 'stop')
})

test('reports the reason of a failure in full, whatever its line breaks', async t => {
  const { run } = runOne({}, node => (node === 'vm-002' ? [1, `FAILED: a\u2028b\u2029c\u0085d`] : [0]))
  t.is((await run).failures[0]?.why, 'a\u2028b\u2029c\u0085d')
})
