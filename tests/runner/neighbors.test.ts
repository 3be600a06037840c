import test from 'ava'
import { AT_ONCE } from '../../scripts/runner/measure.ts'
import { neighborEntries } from '../../scripts/runner/neighbors.ts'
import { findTestCase } from '../../scripts/runner/registry.ts'
import { readSettings } from '../../scripts/settings/settings.ts'

const entries = (name: string, options = {}) => {
  const found = findTestCase(name)
  if (!found) throw new Error(name)
  return neighborEntries(found, readSettings(options, { HOME: '/', ...found.cluster }))
}

test('counts neighbors on the same Ethernet and the node', t => {
  t.is(entries('bridge').kept, 4 * (4 * 3 + 2 * 4))
  t.is(entries('L3', { __nvm: '100' }).kept, 100 * (4 * 3 + 3 * 4))
})

test('counts neighbors in the same node only of nodes that ping at once, if entries are flushed', t => {
  t.is(entries('L3', { __nvm: '100' }).flushed, AT_ONCE * 4 * 3 + 100 * 3 * 4)
  t.is(entries('bridge', { __nvm: '1' }).flushed, 4 * 3 + 2 * 4)
})

test('counts all PODs with random addresses as neighbors, flushed or not', t => {
  const both = (count: number) => ({ kept: count, flushed: count, mayRetry: false })
  t.deepEqual(entries('L2'), both(16 * 15 + 2 * 16))
  t.deepEqual(entries('macvlan', { __nvm: '1' }), both(4 * 3 + 2 * 4))
})

test('only a routed test without forbidden pairs may retry', t => {
  t.true(entries('L3').mayRetry)
  t.false(entries('bridge').mayRetry)
  t.false(entries('L2').mayRetry)
})

test('rules without forbidden pairs count as such a test', t => {
  const found = findTestCase('L3')
  if (!found) throw new Error('L3')
  const entriesOf = (expect: 'reply' | 'silent') => {
    const rules = [{ protocol: 'tcp/80', expect }] as const
    return neighborEntries({ ...found, reach: { rules, default: 'reply' } }, readSettings({}, { HOME: '/' }))
  }
  t.deepEqual(entriesOf('reply'), entries('L3'))
  t.false(entriesOf('silent').mayRetry)
})

test('counts no neighbors without PODs', t => {
  t.deepEqual(entries('start'), { kept: 0, flushed: 0, mayRetry: false })
})
