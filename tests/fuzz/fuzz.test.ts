import test from 'ava'
import { temporaryDirectory } from '../ovl/fixtures/archives.ts'
import { fuzzArchives } from './archives.ts'
import { fuzzGuests } from './guests.ts'

const first = (count: number) => Array.from({ length: count }, (_, index) => index)

test('refuses mutated archives by name, or packs them so that GNU tar and busybox read the same', async t => {
  const { refused, accepted } = await fuzzArchives(temporaryDirectory(t), 1, first(60))
  t.true(refused > 10 && accepted > 10, `${refused} refused, ${accepted} accepted`)
})

test('reads random responses of a node as a result, or fails with a printable message', async t => {
  const failures = await fuzzGuests(temporaryDirectory(t), 1, first(90))
  t.true(Object.keys(failures).length > 2, JSON.stringify(failures))
})
