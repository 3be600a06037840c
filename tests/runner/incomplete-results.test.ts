import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { onWorkers, type TestCase } from '../../scripts/cases/test-case.ts'
import type { Cluster } from '../../scripts/cluster/cluster.ts'
import { infrastructureFailure } from '../../scripts/errors/failure.ts'
import type { NewEvent } from '../../scripts/events/events.ts'
import { runTests } from '../../scripts/runner/runner.ts'
import { readSettings } from '../../scripts/settings/settings.ts'
import type { CommandStreams } from '../../scripts/ssh/command.ts'
import { nodeOf } from './artifacts/evidence/node.ts'

const TEST: TestCase = { name: 'mine', file: import.meta.filename, summary: '', needs: {}, steps: [onWorkers('one')] }

/** The exit status of a command on vm-002; undefined for the default answer. */
type Answer = (command: string, signal?: AbortSignal) => number | undefined | Promise<number>

/** Runs a test with results on two nodes; the second one answers as configured. */
async function runWith(t: ExecutionContext, answer: Answer, options: Record<string, string> = {}) {
  const own = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-results-'))
  t.teardown(() => fs.rmSync(own, { recursive: true }))
  const events: NewEvent[] = []
  const nodes = ['vm-001', 'vm-002'].map(name =>
    nodeOf(name, async ({ stdout }: CommandStreams, command, signal) => {
      const exitCode = name === 'vm-002' ? await answer(command, signal) : undefined
      if (exitCode === undefined) stdout.write(command.includes('/tmp') ? '0\n' : '{}')
      return exitCode ?? 0
    }),
  )
  const running = async () => ({
    name: 'default',
    nodes,
    keep: async () => {},
    verify: async () => {},
    stop: async () => {},
    console: async () => 'a console\n',
    diagnose: async () => ({ gone: false, how: 'its QEMU still runs', console: [] }),
  })
  const cluster: Cluster = { kind: 'embedded', start: running, attach: running }
  const settings = readSettings({ __results: path.join(own, 'results'), ...options }, { HOME: own })
  const { verdict, notRun } = await runTests({
    plan: [{ test: TEST, settings, cluster, optional: false }],
    extraOvls: [],
    strict: false,
    repeatPolicy: settings.repeatPolicy,
    emit: event => events.push(event),
    signal: new AbortController().signal,
  })
  const whys = events.flatMap(event => (event.type === 'test-end' ? [event.why] : []))
  const read = (file: string) => fs.readFileSync(path.join(own, 'results/mine/vm-002', file), 'utf8')
  return { verdict, whys, notRun, read }
}

const refused = () => infrastructureFailure('COMMAND_REFUSED', 'vm-002: the ssh server does not run it')

test('retries the collection of results that ssh refused once', async t => {
  const asked = new Set<string>()
  const { verdict, whys, read } = await runWith(t, command => {
    if (command.includes('netns_test tcase_') || asked.has(command)) return undefined
    asked.add(command)
    throw refused()
  })
  t.is(asked.size, 3)
  t.is(verdict, 'passed')
  t.deepEqual(whys, [undefined])
  t.is(read('status.json'), '{}')
})

test('does not pass a test with incomplete results, and names the node and the reason', async t => {
  let attempts = 0
  const { verdict, whys, read } = await runWith(t, command => {
    if (!command.includes('status')) return undefined
    attempts += 1
    throw refused()
  })
  t.is(attempts, 3, 'tried a bounded number of times')
  t.is(verdict, 'broken')
  t.regex(whys[0] ?? '', /^passed, but the results of vm-002 are incomplete: .*ssh server does not run it$/)
  t.is(read('addresses.json'), '{}', 'what could be had is there')
})

test('does not retry a failed command; its results count as missing', async t => {
  let attempts = 0
  const { verdict, whys } = await runWith(t, command => {
    if (!command.includes('status')) return undefined
    attempts += 1
    return 3
  })
  t.is(attempts, 1)
  t.is(verdict, 'broken')
  t.regex(whys[0] ?? '', /^passed, but the results of vm-002 are incomplete: no status\.json: .* exited with status 3$/)
})

test('reports a failed test as failed even with incomplete results', async t => {
  const { verdict, whys } = await runWith(t, command => {
    if (command.includes('netns_test one') || command.includes('tcase_one')) return 1
    if (command.includes('status')) throw refused()
    return undefined
  })
  t.is(verdict, 'failed')
  t.regex(whys[0] ?? '', /^one on vm-002/)
})

test('stops a run with --bail at incomplete results', async t => {
  const answer = (command: string) => {
    if (command.includes('status')) throw refused()
    return undefined
  }
  const { whys, notRun } = await runWith(t, answer, { __repeat: '3', __bail: 'yes' })
  t.is(whys.length, 1)
  t.regex(notRun ?? '', /--bail/)
})

test('collects only the console of a node that hangs after a failure', async t => {
  const asked: string[] = []
  const begun = performance.now()
  const hang = (signal?: AbortSignal) =>
    new Promise<number>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  const { verdict, read } = await runWith(
    t,
    (command, signal) => {
      if (command.includes('tcase_one')) return 1
      asked.push(command)
      return hang(signal)
    },
    { __timeout: '600' },
  )
  t.is(verdict, 'failed')
  t.deepEqual(
    asked.filter(command => !command.includes('true')),
    [],
  )
  t.is(read('console.log'), 'a console\n')
  t.throws(() => read('status.json'), { code: 'ENOENT' })
  t.true(performance.now() - begun < 100_000)
})
