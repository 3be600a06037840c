import test from 'ava'
import { on, onWorkers, type TestCase } from '../../scripts/cases/test-case.ts'
import { checkNeeds } from '../../scripts/runner/needs.ts'
import { findTestCase } from '../../scripts/runner/registry.ts'
import { readSettings } from '../../scripts/settings/settings.ts'

const needing = (more: Partial<TestCase>): TestCase => ({
  name: 'mine',
  file: import.meta.filename,
  summary: '',
  needs: {},
  steps: [onWorkers('version')],
  ...more,
})
const environment = { HOME: '/nowhere', ARCHIVE: '/nowhere' }

test('requires the nodes that steps name', t => {
  const mine = needing({ steps: [on('vm-202', 'version')] })
  t.throws(() => checkNeeds(mine, readSettings({}, environment)), { code: 'NO_NODE', message: /mine needs vm-202/ })
  t.throws(() => checkNeeds(mine, readSettings({ __nrouters: '1' }, environment)), { code: 'NO_NODE' })
  t.notThrows(() => checkNeeds(mine, readSettings({ __nrouters: '2' }, environment)))
  t.notThrows(() => checkNeeds(mine, readSettings({ __no_start: 'yes' }, environment)))
})

test('requires the interfaces on a named node', t => {
  const mine = needing({ needs: { nics: { 'vm-001': 3 } } })
  t.throws(() => checkNeeds(mine, readSettings({}, environment)), {
    message: /eth0 to eth2 on vm-001, which has 2/,
  })
  t.notThrows(() => checkNeeds(mine, readSettings({ __nets_vm: '0,1,4' }, environment)))
})

test('requires the interfaces on every worker', t => {
  const mine = needing({ needs: { nics: { workers: 2 } } })
  t.notThrows(() => checkNeeds(mine, readSettings({}, environment)))
  t.throws(() => checkNeeds(mine, readSettings({ __nvm: '1', __nets_vm: '0' }, environment)), {
    code: 'NO_NODE',
    message: /eth0 to eth1 on vm-001, which has 1/,
  })
  t.throws(() => checkNeeds(mine, readSettings({ __nets3: '0' }, environment)), { message: /on vm-003, which has 1/ })
})

test('requires eth1 for tests between nodes', t => {
  const without = readSettings({ __nvm: '1', __nets_vm: '0' }, environment)
  for (const name of ['L2', 'L3', 'L3_overlay', 'L3_vxlan', 'ipvlan', 'macvlan'])
    t.throws(() => checkNeeds(findTestCase(name) as TestCase, without), { code: 'NO_NODE' }, name)
  t.notThrows(() => checkNeeds(findTestCase('bridge') as TestCase, without))
})

test('requires CNI plugins for tests that use them', t => {
  const mine = needing({ needs: { plugins: true } })
  const settings = readSettings({}, environment)
  const without = { ...settings, packing: { ...settings.packing, cniDirectories: [], archiveDirectories: [] } }
  t.throws(() => checkNeeds(mine, without), { code: 'NO_CNI' })
  const running = { ...without, cluster: { ...without.cluster, start: false } }
  t.notThrows(() => checkNeeds(mine, running), 'what runs may have its own')
})
