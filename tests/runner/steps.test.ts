import type { Writable } from 'node:stream'
import test from 'ava'
import { onWorkers } from '../../scripts/cases/test-case.ts'
import type { NewEvent } from '../../scripts/events/events.ts'
import { runStep } from '../../scripts/runner/steps.ts'
import type { CommandStreams } from '../../scripts/ssh/command.ts'
import type { Node } from '../../scripts/ssh/node.ts'

const write = (stream: Writable, text: string) => new Promise<void>(resolve => stream.write(text, () => resolve()))

/** Runs a step on a node with given output; returns the lines for reporters, and the failures. */
async function stepThatSays(stdout: string, stderr: string, exitCode: number) {
  const run = async (_: string, streams: CommandStreams) => {
    await write(streams.stdout, stdout)
    await write(streams.stderr, stderr)
    return exitCode
  }
  const node = { name: 'vm-001', number: 1, role: 'worker', connection: { run, close: () => {} } } as unknown as Node
  const events: NewEvent[] = []
  const failures = await runStep(onWorkers('one'), [node], {
    test: 'mine',
    index: 1,
    of: 1,
    timeoutSeconds: 20,
    emit: event => events.push(event),
    signal: new AbortController().signal,
    diagnose: async () => ({ how: '', gone: false, console: [] }),
  })
  const lines = events.flatMap(event => (event.type === 'output' ? [`${event.stream}: ${event.line}`] : []))
  return { lines, failures }
}

const SLOGAN = '10:00:00 (vm-001): TEST CASE: Create PODs'

test('reports the title of a step, which both streams contain, once and without timestamp', async t => {
  const { lines, failures } = await stepThatSays(`  ${SLOGAN}\ndetail\n`, `  ${SLOGAN}\n`, 0)
  t.deepEqual([...lines].sort(), ['stderr: TEST CASE: Create PODs', 'stdout: detail'])
  t.is(failures.length, 0)
})

test('reports other title-like lines on stdout as details', async t => {
  const { lines } = await stepThatSays(`saw TEST CASE: x\n${SLOGAN}\n  12 (vm-001): TEST CASE: y\n`, '', 0)
  t.is(lines.length, 3)
})

test('finds the reason of a failure in an indented line', async t => {
  const { failures } = await stepThatSays('', '  10:00:01 (vm-001): FAILED: no bridge br0\n', 1)
  t.is(failures[0]?.why, 'no bridge br0')
  t.deepEqual(failures[0]?.lastLines, ['FAILED: no bridge br0'])
})
