import test from 'ava'
import { neighborEntries } from '../../scripts/runner/neighbors.ts'
import { findTestCase } from '../../scripts/runner/registry.ts'
import { readSettings } from '../../scripts/settings/settings.ts'

const entries = (name: string, options = {}) => {
  const found = findTestCase(name)
  if (!found) throw new Error(name)
  return neighborEntries(found, readSettings(options, { HOME: '/', ...found.cluster }))
}

test('counts neighbors on the same Ethernet and the node', t => {
  t.is(entries('bridge'), 4 * (4 * 3 + 2 * 4))
  t.is(entries('L3', { __nvm: '100' }), 100 * (4 * 3 + 2 * 4))
})

test('counts all PODs with random addresses as neighbors', t => {
  t.is(entries('L2'), 16 * 15 + 2 * 16)
  t.is(entries('macvlan', { __nvm: '1' }), 4 * 3 + 2 * 4)
})

test('counts no neighbors without PODs', t => {
  t.is(entries('start'), 0)
})
