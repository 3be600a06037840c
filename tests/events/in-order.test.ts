import test from 'ava'
import type { NewEvent } from '../../scripts/events/events.ts'
import { inOrder } from '../../scripts/events/in-order.ts'

const start = (index: number, within?: number): NewEvent => ({
  type: 'step-start',
  test: 'mine',
  step: String(index),
  index,
  nodes: ['host'],
  ...(within !== undefined && { within }),
})
const end = (index: number): NewEvent => ({
  type: 'step-end',
  test: 'mine',
  step: String(index),
  index,
  node: 'host',
  failure: undefined,
  milliseconds: 1,
})

/** Sends events through; returns types and indices as reported, and their times. */
function through(events: readonly NewEvent[], isFlushed = false) {
  const reported: NewEvent[] = []
  const { emit, flush } = inOrder(event => reported.push(event))
  for (const event of events) emit(event)
  if (isFlushed) flush()
  const texts = reported.flatMap(event => ('index' in event ? [`${event.type.slice(5)} ${event.index}`] : event.type))
  return { texts, times: reported.map(({ at }) => at ?? 0) }
}

test('steps within a step are reported at once', t => {
  const { texts } = through([start(1), start(2, 1), end(2), start(3, 1), end(3), end(1)])
  t.deepEqual(texts, ['start 1', 'start 2', 'end 2', 'start 3', 'end 3', 'end 1'])
})

test('a step beside another is reported when that has ended, with the time at which it began', t => {
  const { texts } = through([start(1), { ...start(2, 1), at: 5 }, start(3, 1), end(3), end(2), end(1)])
  t.deepEqual(texts, ['start 1', 'start 2', 'end 2', 'start 3', 'end 3', 'end 1'])
  const { times } = through([start(1), start(2, 1), { ...start(3, 1), at: 7 }, end(2), end(3), end(1)])
  t.is(times[3], 7)
})

test('other events are not held', t => {
  const { texts } = through([start(1), start(2, 1), start(3, 1), { type: 'notice', text: 'here' }])
  t.deepEqual(texts, ['start 1', 'start 2', 'notice'])
})

test('held steps are reported when the test ends, even if those before never end', t => {
  const { texts } = through([start(1), start(2, 1), start(3, 1), end(3)], true)
  t.deepEqual(texts, ['start 1', 'start 2', 'start 3', 'end 3'])
})
