import test from 'ava'
import { temporaryDirectory } from '../ovl/fixtures/archives.ts'
import { fuzzArchives } from './archives.ts'
import { fuzzGuests } from './guests.ts'

const first = (count: number) => Array.from({ length: count }, (_, index) => index)

test('mutated archives are refused by name, or packed as GNU tar and busybox both read them', async t => {
  const { refused, accepted } = await fuzzArchives(temporaryDirectory(t), 1, first(60))
  t.true(refused > 10 && accepted > 10, `${refused} refused, ${accepted} accepted`)
})

test('a node that answers at random ends in a result, or in a failure that can be printed', async t => {
  const failures = await fuzzGuests(temporaryDirectory(t), 1, first(90))
  t.true(Object.keys(failures).length > 2, JSON.stringify(failures))
})
