import { mock } from 'node:test'
import test from 'ava'
import { eventStream } from '../../../scripts/events/stream.ts'
import { log } from '../../../scripts/reporters/log.ts'
import { summary } from '../../../scripts/reporters/summary.ts'
import { failing } from '../fixtures/runs.ts'
import { begin, failed, live, names, passed, SOON, step, up } from './live-run.ts'

test.afterEach.always(() => mock.reset())

test.serial('shows state, activity, time and failure of each of four nodes', t => {
  const { emit, wait, frame, terminal, close } = live()
  const nodes = names(4)
  emit(...begin(nodes))
  wait(2000)
  emit(...up(nodes.slice(0, 2), 4))
  wait(1000)
  t.deepEqual(frame(), [
    `${'[1/3] bridge: nodes start, 3 s'.padEnd(75)}0:03`,
    '2 up   2 starting',
    '  vm-001  up          2.0 s',
    '  vm-002  up          2.0 s',
    '  vm-003  starting      3 s',
    '  vm-004  starting      3 s',
  ])
  emit(...up(nodes.slice(2), 4), { type: 'step-start', ...step, of: 4, nodes })
  emit({ type: 'output', ...step, node: 'vm-003', stream: 'stdout', line: 'vm-003-ns01\t172.16.3.2 \u001b[2Janswers' })
  wait(700)
  emit(passed('vm-001', 700), failed('vm-002', 655))
  wait(4000)
  t.deepEqual(frame(), [
    `${'[1/3] bridge: step 2 of 4, bridge_ping, 4 s'.padEnd(75)}0:07`,
    '1 ok   2 running   1 FAILED',
    '  vm-001  ok          0.7 s',
    '  vm-002  FAILED      0.7 s  vm-002-ns03 172.16.2.3 does not answer',
    '  vm-003  running       4 s  vm-003-ns01 172.16.3.2 answers',
    '  vm-004  running       4 s',
  ])
  emit(passed('vm-003', 5000), passed('vm-004', 5000))
  emit({ type: 'test-end', test: 'bridge', verdict: 'failed', why: undefined })
  t.deepEqual(frame(), [`${'[1/3] bridge: failed, 0 s'.padEnd(75)}0:08`])
  emit({ type: 'run-end', verdict: 'failed', failures: [], seconds: 8, left: undefined })
  close()
  const shown = terminal.lines()
  const said = shown.map(row => row.replace(/^\d\d:\d\d:\d\d \(\d+\): /, ''))
  t.deepEqual(said.slice(2), [
    'FAILED: bridge: bridge_ping on vm-002: vm-002-ns03 172.16.2.3 does not answer',
    'failed: bridge',
    'FAILED: 1 of 3 tests: bridge (2 not run)',
    'first failure: bridge: bridge_ping on vm-002: vm-002-ns03 172.16.2.3 does not answer',
    'not run: L2 L3',
    'Total time: 8 s',
  ])
  t.false(terminal.cursorIsHidden())
})

test.serial(
  'a hundred nodes fit half of 24 rows: a sign for each, lines for those that failed or are late',
  async t => {
    const { emit, wait, frame, close } = live()
    const nodes = names(100)
    emit(...begin(nodes), ...up(nodes.slice(0, 30), 100))
    wait(1000)
    t.deepEqual(frame(), [
      `${'[1/3] bridge: nodes start, 1 s'.padEnd(75)}0:01`,
      'o 30 up   . 70 starting',
      '  vm-001  oooooooooo oooooooooo oooooooooo .......... ..........',
      '  vm-051  .......... .......... .......... .......... ..........',
    ])
    emit({ type: 'step-start', ...step, of: 4, nodes })
    const others = nodes.filter(node => !['vm-007', 'vm-045', 'vm-100'].includes(node))
    emit(...others.map(node => passed(node, 500)), failed('vm-045', 900))
    emit({
      type: 'output',
      ...step,
      node: 'vm-100',
      stream: 'stdout',
      line: 'TEST CASE: Ping PODs on the bridge',
    })
    wait(12_000)
    t.deepEqual(frame(), [
      `${'[1/3] bridge: step 2 of 4, bridge_ping, 12 s'.padEnd(75)}0:13`,
      'o 97 ok   . 2 running   F 1 FAILED',
      '  vm-001  oooooo.ooo oooooooooo oooooooooo oooooooooo ooooFooooo',
      '  vm-051  oooooooooo oooooooooo oooooooooo oooooooooo ooooooooo.',
      '  vm-045  FAILED      0.9 s  vm-045-ns03 172.16.2.3 does not answer',
      '  vm-007  running      12 s',
      '  vm-100  running      12 s  Ping PODs on the bridge',
    ])
    close()
  },
)

test.serial(
  'a hundred nodes of which forty fail: those that have no line are counted and named, as far as the row goes',
  async t => {
    const { emit, frame, close } = live()
    const nodes = names(100)
    emit(...begin(nodes), { type: 'step-start', ...step, of: 4, nodes })
    emit(...nodes.slice(0, 40).map(node => failed(node, 900)), ...nodes.slice(40, 70).map(node => passed(node, 1)))
    const shown = frame()
    t.is(shown.length, 12)
    t.is(shown[1], 'o 30 ok   . 30 running   F 40 FAILED')
    t.is(shown.filter(row => / {2}FAILED /.test(row)).length, 6)
    t.regex(shown[10] ?? '', /^ {2}34 more failed: vm-007 vm-008 .*~$/)
    t.regex(shown[11] ?? '', /^ {2}30 are not done yet: vm-071 vm-072 .*~$/)
    t.true(shown.every(row => row.length < 80))
    close()
  },
)

test.serial('shows the progress of the matrix in pairs', t => {
  const { emit, frame, close } = live()
  const matrix = { test: 'bridge', step: 'matrix', index: 4 }
  emit(...begin(names(2)), { type: 'step-start', ...matrix, of: 4, nodes: names(2) })
  emit({ type: 'progress', test: 'bridge', done: 240, of: 480 })
  t.regex(frame()[0] ?? '', /^\[1\/3\] bridge: step 4 of 4, matrix: 240 of 480 pairs, 0 s /)
  emit({ type: 'test-end', test: 'bridge', verdict: 'passed', why: undefined })
  t.notRegex(frame()[0] ?? '', /pairs/)
  close()
})

test.serial('shows only step and counts on a small terminal', t => {
  const { emit, frame, terminal, close } = live(5)
  const nodes = names(100)
  emit(...begin(nodes), { type: 'step-start', ...step, of: 4, nodes })
  t.is(frame().length, 2)
  terminal.resize(20, 5)
  const shown = frame()
  t.deepEqual(shown.slice(-2), ['[1/3] bridge~  0:00', 'o 0 ok   . 100 run~'])
  close()
})

test.serial('keeps permanent lines and a single view when the terminal is resized', t => {
  const { emit, terminal, wait, close } = live()
  const nodes = names(100)
  emit(...begin(nodes), { type: 'step-start', ...step, of: 4, nodes }, failed('vm-002', 900))
  emit({ type: 'diagnosis', test: 'bridge', causes: [], groups: [] })
  wait(SOON)
  for (const columns of [60, 41, 100, 80]) {
    terminal.resize(columns, 24)
    const lines = terminal.lines()
    t.is(lines.filter(line => line.includes('bridge: step 2')).length, 1)
    t.is(lines.filter(line => line.startsWith('o ')).length, 1)
    t.is(lines.filter(line => /FAILED: bridge: bridge_ping on vm-002: .* does not answer$/.test(line)).length, 1)
    t.is(lines[3]?.includes('bridge: step 2'), true, lines.join('\n'))
  }
  close()
  t.is(terminal.lines().length, 3)
})

test.serial(
  'Ctrl-C: the view says that the run ends, and is gone at its end, with what the terminal wrote',
  async t => {
    const { emit, terminal, ending, frame, close } = live()
    const nodes = names(4)
    emit(...begin(nodes), { type: 'step-start', ...step, of: 4, nodes })
    frame()
    terminal.echo('^C')
    ending.abort(new Error('interrupted by SIGINT'))
    const shown = frame()
    t.regex(shown[0] ?? '', /bridge: interrupted by SIGINT, ending, 0 s/)
    t.false(shown.join('').includes('^C'))
    emit({ type: 'test-end', test: 'bridge', verdict: 'interrupted', why: 'interrupted by SIGINT' })
    emit({ type: 'run-failed', message: 'interrupted by SIGINT' })
    emit({ type: 'run-end', verdict: 'interrupted', failures: [], seconds: 1, left: undefined })
    close()
    const left = terminal.rows().map(row => row.replace(/^\d\d:\d\d:\d\d \(\d+\): /, ''))
    t.deepEqual(left, [
      'TEST CASE: bridge: PODs on a bridge',
      'cluster: embedded',
      'interrupted: bridge',
      'FAILED: interrupted by SIGINT',
      'INTERRUPTED: 1 of 3 tests: bridge (2 not run)',
      'not run: L2 L3',
      'Total time: 1 s',
    ])
    t.false(terminal.cursorIsHidden())
  },
)

test.serial(
  'the log on the same terminal: what is left is the lines that both write without a view, in their order',
  async t => {
    const { emit, wait, terminal, complaints, close } = live(24, { shared: true })
    let plain = ''
    const output = { write: (text: string) => (plain += text) }
    const without = eventStream([summary(output, { color: false }), log(output)], () => {})
    for (const event of failing) {
      without.emit(event)
      emit(event)
      wait(50)
    }
    close()
    const words = (lines: readonly string[]) => lines.map(line => line.replace(/^ *\d\d:\d\d:\d\d\S* (\(\d+\): )?/, ''))
    t.deepEqual(words(terminal.lines()), words(plain.trimEnd().split('\n')))
    t.deepEqual(complaints, [])
  },
)

test.serial('draws at most ten frames a second, and nothing after the end', t => {
  const { emit, wait, terminal, close } = live()
  const nodes = names(100)
  emit(...begin(nodes), { type: 'step-start', ...step, of: 4, nodes })
  wait(SOON)
  const before = terminal.writes.length
  for (let index = 0; index < 10_000; index++) {
    const node = nodes[index % 100] as string
    emit({ type: 'output', ...step, node, stream: 'stdout', line: `line ${index}` })
    if (index % 101 === 0) emit(passed(node, index))
    if (index % 10 === 0) wait(1)
  }
  const count = terminal.writes.length - before
  t.true(count >= 5 && count <= 12, `${count}`)
  close()
  const after = terminal.writes.length
  wait(10_000)
  t.is(terminal.writes.length, after)
})

test.serial('uses color only if requested', t => {
  for (const color of [true, false]) {
    const { emit, frame, terminal, close } = live(24, { color })
    emit(...begin(names(2)), { type: 'step-start', ...step, of: 4, nodes: names(2) }, failed('vm-002', 1))
    frame()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    t.is(/\x1b\[[0-9;]*m/.test(terminal.writes.join('').replaceAll('\x1b[0m', '')), color)
    close()
    mock.reset()
  }
})
