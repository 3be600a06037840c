import test from 'ava'
import { readRepeatPolicy } from '../../scripts/settings/repeat-policy.ts'
import { Sources } from '../../scripts/settings/sources.ts'

const read = (options: Record<string, string>) => readRepeatPolicy(new Sources([{ origin: 'option', values: options }]))

test('by default runs the selection once, without retries', t => {
  t.deepEqual(read({}), { repeats: 1, retries: 0, bail: false })
})

test('reads --repeat, --bail, --until-failure and --retry', t => {
  t.like(read({ __repeat: '5' }), { repeats: 5, bail: false })
  t.like(read({ __repeat: '5', __bail: 'yes' }), { repeats: 5, bail: true })
  t.like(read({ __until_failure: 'yes' }), { repeats: Number.POSITIVE_INFINITY, bail: true })
  t.like(read({ __until_failure: 'yes', __repeat: '20' }), { repeats: 20, bail: true })
  t.like(read({ __retry: '2' }), { repeats: 1, retries: 2 })
})

test('refuses counts out of range, and --retry with --until-failure', t => {
  t.throws(() => read({ __repeat: '0' }), { code: 'BAD_VALUE', message: /--repeat=0/ })
  t.throws(() => read({ __retry: '-1' }), { code: 'BAD_VALUE', message: /--retry=-1/ })
  t.throws(() => read({ __retry: '1', __until_failure: 'yes' }), { code: 'BAD_VALUE', message: /never ends the run/ })
})
