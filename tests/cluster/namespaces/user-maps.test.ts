import test from 'ava'
import { subordinateRange } from '../../../scripts/cluster/namespaces/user-maps.ts'

const TEXT = 'eve:100000:65536\nadam:165536:1000\n1000:500000:2000\nadam:231072:65536\nbroken\nadam:0:70000\n'

test('takes the largest range of a user, by name or by number', t => {
  t.deepEqual(subordinateRange(TEXT, 'adam', 7), { first: 231_072, count: 65_536 })
  t.deepEqual(subordinateRange(TEXT, 'abel', 1000), { first: 500_000, count: 2000 })
})

test('finds no range for a user without one', t => {
  t.is(subordinateRange(TEXT, 'cain', 8), undefined)
  t.is(subordinateRange('', 'adam', 7), undefined)
})
