import test from 'ava'
import fc from 'fast-check'
import { rndAddresses, shuffle } from '../../scripts/ovl/rnd-addresses.ts'

function linesFor(seed: number): string[] {
  const member = rndAddresses(seed)
  if (member.type !== 'file') throw new Error('not a file')
  return Buffer.concat(member.content).toString().split('\n')
}

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })

test('a shuffle is a permutation, and the same for the same seed', t => {
  fc.assert(
    fc.property(fc.array(fc.integer()), seeds, (values, seed) => {
      const shuffled = shuffle(values, seed)
      const order = (a: number, b: number) => a - b
      t.deepEqual(shuffled.toSorted(order), values.toSorted(order))
      t.deepEqual(shuffle(values, seed), shuffled)
    }),
  )
})

test('the order for a seed is the same on every machine', t => {
  t.deepEqual(linesFor(42).slice(0, 6), ['170', '246', '167', '244', '160', '187'])
})

test('lists the numbers 1 to 254, each once and one per line, for any seed', t => {
  const expected = Array.from({ length: 254 }, (_, index) => index + 1)
  for (const seed of [0, 1, 4711, 2 ** 32 - 1]) {
    const lines = linesFor(seed)
    t.is(lines.pop(), '', 'ends with a newline')
    t.deepEqual(
      lines.map(Number).sort((a, b) => a - b),
      expected,
    )
  }
})

test('every position is equally likely: chi-squared over ten thousand seeds is below its 0.1 % bound', t => {
  const counts = Array.from({ length: 8 }, () => 0)
  for (let seed = 0; seed < 10_000; seed += 1) {
    const place = shuffle([0, 1, 2, 3, 4, 5, 6, 7], seed).indexOf(0)
    counts[place] = (counts[place] ?? 0) + 1
  }
  const expected = 10_000 / 8
  const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  t.true(chiSquared < 24.32, `${chiSquared} with 7 degrees of freedom: ${counts}`)
})
