import test from 'ava'
import type { Listener, NewEvent } from '../../scripts/events/events.ts'
import { eventStream } from '../../scripts/events/stream.ts'
import { plainText } from '../../scripts/host/text.ts'
import { log } from '../../scripts/reporters/log.ts'
import { summary } from '../../scripts/reporters/summary.ts'
import { failing, flaky, play as playAll } from './fixtures/runs.ts'

const id = { test: 'bridge', step: 'bridge_ping', index: 3 }
const failure = { ...id, node: 'vm-002', why: 'vm-002-ns03 172.16.2.3 does not answer', lastLines: ['the last line'] }
const RUN: readonly NewEvent[] = [
  { type: 'run-start', tests: ['bridge'] },
  {
    type: 'test-start',
    test: 'bridge',
    summary: 'PODs on a Linux bridge',
    settings: [{ name: '__nvm', value: '2', origin: 'option' }],
  },
  { type: 'detail', text: 'for the log alone' },
  { type: 'cluster-start', test: 'bridge', nodes: 2, kind: 'embedded: 2 VMs' },
  { type: 'node-up', node: 'vm-001', up: 1, of: 2 },
  { type: 'step-start', ...id, nodes: ['vm-001', 'vm-002'] },
  { type: 'output', ...id, node: 'vm-001', stream: 'stderr', line: 'TEST CASE: Ping' },
  { type: 'output', ...id, node: 'vm-002', stream: 'stderr', line: 'TEST CASE: Ping' },
  { type: 'output', ...id, node: 'vm-002', stream: 'stdout', line: 'a\u001b[31mred\u001b[0m\u0007 line' },
  { type: 'step-end', ...id, node: 'vm-001', failure: undefined, milliseconds: 12.3 },
  { type: 'step-end', ...id, node: 'vm-002', failure, milliseconds: 500 },
  {
    type: 'diagnosis',
    test: 'bridge',
    causes: [{ subject: 'vm-002-ns03', node: 'vm-002', what: 'eth0 is down' }],
    groups: [],
  },
  {
    type: 'evidence',
    ...{ test: 'bridge', node: 'vm-002', subject: 'vm-002-ns03' },
    ...{ what: 'routes', text: 'default via\n\u001b[1mx\u001b[0m' },
  },
  { type: 'evidence', test: 'bridge', node: 'vm-002', subject: 'vm-002', what: 'nftables ruleset', text: '' },
  { type: 'artefact', test: 'bridge', path: '/results/evidence', what: 'evidence' },
  { type: 'test-end', test: 'bridge', verdict: 'failed', why: 'ping' },
  { type: 'run-end', verdict: 'failed', failures: [failure], seconds: 9, left: 'The cluster is left running' },
]

function play(listenerOf: (output: { write(text: string): unknown }) => Listener): string {
  let text = ''
  const { emit } = eventStream([listenerOf({ write: more => (text += more) })], () => {})
  for (const event of RUN) emit(event)
  return text
}

const STAMP = /^\d\d:\d\d:\d\d \(0\): /

test('the summary has a line for each step, causes before failures, verdict and total time last', t => {
  const lines = play(output => summary(output, { color: false }))
    .split('\n')
    .slice(0, -1)
  t.regex(lines[2] ?? '', /^ {2}\d\d:\d\d:\d\d \(2 nodes\): TEST CASE: Ping: FAILED on 1 of 2$/)
  t.deepEqual(
    lines.filter((_, index) => index !== 2).map(line => line.replace(STAMP, '')),
    [
      'TEST CASE: bridge: PODs on a Linux bridge',
      'cluster: embedded: 2 VMs',
      'likely cause: vm-002-ns03: eth0 is down',
      'FAILED: bridge: bridge_ping on vm-002: vm-002-ns03 172.16.2.3 does not answer',
      'failed: bridge',
      'evidence of bridge: /results/evidence',
      'FAILED: 1 of 1 test: bridge',
      'likely cause: vm-002-ns03: eth0 is down',
      'Total time: 9 s. The cluster is left running',
    ],
  )
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  t.notRegex(lines.join(''), /[\x00-\x1f]/)
})

test('the summary is colored on a terminal', t => {
  const text = play(output => summary(output, { color: true }))
  t.true(text.includes('\u001b[31m'))
  t.true(text.endsWith('left running\n'))
})

test('the log has every line with time, node and step, no control characters, and the first failure at its end', t => {
  const lines = play(log).split('\n').slice(0, -1)
  for (const line of lines) t.regex(line, /^\d\d:\d\d:\d\d\.\d{3} (host|vm-00\d) \S+ [-|!] /)
  t.true(lines.some((line: string) => line.includes("setting __nvm='2' (option)")))
  t.true(lines.some((line: string) => line.endsWith('vm-002 bridge/bridge_ping | ared line')))
  const evidence = lines.filter((line: string) => line.includes('bridge/evidence'))
  t.deepEqual(
    evidence.map((line: string) => line.slice(13)),
    [
      'vm-002 bridge/evidence - vm-002-ns03: routes',
      'vm-002 bridge/evidence | default via',
      'vm-002 bridge/evidence | x',
      'vm-002 bridge/evidence - vm-002: nftables ruleset: none',
    ],
  )
  t.true(lines.some((line: string) => line.endsWith('host bridge - evidence: /results/evidence')))
  t.regex(lines.at(-1) ?? '', /vm-002 bridge\/bridge_ping - FAILED first: vm-002-ns03/)
})

test('a failing listener is reported once and disabled; the others go on', t => {
  const complaints: string[] = []
  const seen: string[] = []
  const broken: Listener = {
    name: 'broken',
    on: () => {
      throw new Error('no space')
    },
  }
  const { emit } = eventStream([broken, { name: 'good', on: event => seen.push(event.type) }], line =>
    complaints.push(line),
  )
  emit({ type: 'notice', text: 'a' })
  emit({ type: 'notice', text: 'b' })
  t.deepEqual(seen, ['notice', 'notice'])
  t.deepEqual(complaints, ["report 'broken' failed and is disabled: no space"])
})

test('terminal codes are removed completely', t => {
  t.is(plainText('\u001b[1;31mred\u001b[0m \u001b]0;title\u0007x\ty\r'), 'red x\ty')
})

test('untrusted text reaches stderr without control characters', async t => {
  const nasty = 'a\u001b[2J\u0007\u009b1m\nb\r'
  let text = ''
  const { emit } = eventStream([summary({ write: more => (text += more) }, { color: false })], () => {})
  emit({ type: 'notice', text: nasty })
  emit({ type: 'test-skipped', test: 'bridge', why: nasty })
  emit({ type: 'run-failed', message: nasty })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  t.notRegex(text, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
  t.is(text.split('\n').length, 7)
})

test('the log does not end with a failure that was retried', async t => {
  t.notRegex(await playAll(flaky, log), /FAILED first/)
  t.regex(await playAll(failing, log), /FAILED first: vm-002-ns03 172.16.2.3 does not answer\n$/)
})
