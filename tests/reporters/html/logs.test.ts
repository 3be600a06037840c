import test from 'ava'
import fc from 'fast-check'
import { BoundedLog } from '../../../scripts/reporters/html/logs.ts'

const text = (log: BoundedLog, node: string) =>
  log
    .groups()
    .find(group => group.node === node)
    ?.lines.map(([, , line]) => line) ?? []

test('keeps a short log completely and in order', t => {
  const log = new BoundedLog(100_000)
  for (let line = 0; line < 300; line++) log.add(0, 1, 'vm-001', [line, '|', `line ${line}`])
  t.deepEqual(
    text(log, 'vm-001'),
    Array.from({ length: 300 }, (_, line) => `line ${line}`),
  )
  t.deepEqual(log.describeOmissions(), [])
})

test('omits the middle of a long log, and counts it', t => {
  const log = new BoundedLog(1_000_000)
  for (let line = 0; line < 5000; line++) log.add(0, 1, 'vm-001', [line, '|', `line ${line}`])
  const [group] = log.groups()
  const lines = text(log, 'vm-001')
  t.is(lines[0], 'line 0')
  t.is(lines.at(-1), 'line 4999')
  t.is(lines.length + (group?.omitted ?? 0), 5000)
  t.is(lines[(group?.omittedAfter ?? 0) - 1], `line ${(group?.omittedAfter ?? 0) - 1}`)
  t.regex(log.describeOmissions().join(), /^4,600 lines of the log, from the middle of 1 step on a node$/)
})

test('trims the log of failed steps last', t => {
  const log = new BoundedLog(60_000)
  log.failed(0, 1, 'vm-002')
  for (let line = 0; line < 200; line++)
    for (const node of ['vm-001', 'vm-002', 'vm-003', 'vm-004', 'vm-005'])
      log.add(0, 1, node, [line, '|', 'x'.repeat(50)])
  t.is(text(log, 'vm-002').length, 200)
  t.true(text(log, 'vm-001').length < 200)
})

test('truncates a line of ten megabytes', t => {
  const log = new BoundedLog(1_000_000)
  log.add(0, 1, 'vm-001', [0, '|', 'x'.repeat(10_000_000)])
  t.is(text(log, 'vm-001')[0]?.length, 2001)
  t.regex(log.describeOmissions().join(), /^the end of 1 line longer than 2000 characters$/)
})

test('stays within its budget, and counts every omitted line', t => {
  const line = fc.record({
    step: fc.integer({ min: 1, max: 3 }),
    node: fc.integer({ min: 1, max: 4 }),
    length: fc.integer({ min: 0, max: 3000 }),
  })
  fc.assert(
    fc.property(fc.array(line, { maxLength: 400 }), fc.integer({ min: 1000, max: 50_000 }), (lines, budget) => {
      const log = new BoundedLog(budget)
      for (const { step, node, length } of lines) log.add(0, step, `vm-00${node}`, [0, '!', 'y'.repeat(length)])
      const groups = log.groups()
      const kept = groups.reduce((sum, group) => sum + group.lines.length, 0)
      const left = groups.reduce((sum, group) => sum + group.omitted, 0)
      const size = groups.flatMap(group => group.lines).reduce((sum, [, , kept]) => sum + kept.length, 0)
      return kept + left === lines.length && size <= budget
    }),
  )
  t.pass()
})
