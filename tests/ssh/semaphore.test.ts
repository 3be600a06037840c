import test from 'ava'
import { Semaphore } from '../../scripts/ssh/semaphore.ts'

test('tasks wait in order, and a failing one releases its place', async t => {
  const semaphore = new Semaphore(1)
  const order: number[] = []
  const task = (n: number, fails = false) =>
    semaphore.use(async () => {
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
