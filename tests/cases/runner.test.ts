import type { Writable } from 'node:stream'
import test from 'ava'
import { runTests } from '../../scripts/cases/runner.ts'
import { onWorkers, type TestCase } from '../../scripts/cases/test-case.ts'
import type { Cluster } from '../../scripts/cluster/cluster.ts'
import type { CommandStreams, Connection } from '../../scripts/node/connection.ts'
import type { NewEvent } from '../../scripts/report/events.ts'
import { readSettings } from '../../scripts/settings/settings.ts'

const tunnels: TestCase = {
  name: 'tunnels',
  summary: '',
  needs: { kinds: ['vxlan'] },
  steps: [onWorkers('setup_overlay')],
}

/** A cluster of one node, whose kernel has no VXLAN; `calls` gets what is done to it. */
function cluster(calls: string[]): Cluster {
  const run = async (command: string, { stderr }: CommandStreams) => {
    calls.push(command)
    if (!command.includes('prerequisites')) return 0
    await new Promise<void>(resolve =>
      (stderr as Writable).write('netns_test: this VM lacks interfaces:vxlan\n', () => resolve()),
    )
    return 1
  }
  const connection = { run, close: () => {} } as unknown as Connection
  const running = async () => ({
    name: 'default',
    nodes: [{ name: 'vm-001', number: 1, role: 'worker' as const, connection }],
    keep: async () => void calls.push('keep'),
    stop: async () => void calls.push('stop'),
    console: async () => '',
    fate: async () => ({ how: '', console: [] }),
  })
  return { kind: 'embedded', start: running, attach: running }
}

async function runOne(optional: boolean, strict: boolean) {
  const [calls, events]: [string[], NewEvent[]] = [[], []]
  const settings = readSettings({}, { HOME: '/nowhere' })
  const run = runTests({
    plan: [{ test: tunnels, settings, cluster: cluster(calls), optional }],
    extraOvls: [],
    strict,
    emit: event => events.push(event),
    signal: new AbortController().signal,
  })
  return { run, calls, skipped: () => events.flatMap(event => (event.type === 'test-skipped' ? [event.why] : [])) }
}

test('a test whose kinds of interface the kernel lacks is left out by all, with the reason, and its cluster is ended', async t => {
  const { run, calls, skipped } = await runOne(true, false)
  t.like(await run, { verdict: 'passed', failures: [], left: undefined })
  t.deepEqual(calls, ['netns_test prerequisites vxlan', 'stop'])
  t.regex(skipped()[0] ?? '', /^tunnels needs .*vxlan: vm-001: .*lacks interfaces:vxlan$/)
  t.like(await (await runOne(true, true)).run, { verdict: 'failed' })
})

test('by its name it is refused', async t => {
  const { run, calls } = await runOne(false, false)
  await t.throwsAsync(run, { code: 'NO_KIND', message: /vxlan/ })
  t.is(calls.at(-1), 'stop')
})
