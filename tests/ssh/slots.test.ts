import test from 'ava'
import { Slots } from '../../scripts/ssh/slots.ts'

test('tasks wait in order, and one that fails gives its place back', async t => {
  const slots = new Slots(1)
  const order: number[] = []
  const task = (n: number, fails = false) =>
    slots.use(async () => {
      order.push(n)
      await new Promise(setImmediate)
      if (fails) throw new Error('task failed')
    })
  const results = await Promise.allSettled([task(1), task(2, true), task(3)])
  t.deepEqual(order, [1, 2, 3])
  t.deepEqual(
    results.map(result => result.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})
