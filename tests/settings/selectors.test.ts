import test from 'ava'
import { describeSelector, type Selector, select, unknownLabels } from '../../scripts/settings/selectors.ts'

const NODES = [
  { name: 'vm-001', role: 'worker' },
  { name: 'vm-002', role: 'worker' },
  { name: 'vm-201', role: 'router' },
  { name: 'vm-221', role: 'tester' },
] as const
const PODS = ['vm-001-ns01', 'vm-001-ns02', 'vm-002-ns01'].map(name => ({
  name,
  node: name.slice(0, 6),
  role: 'worker' as const,
}))
const LABELS = { web: ['*-ns01'] }

const names = (selector: Selector) => [...NODES, ...PODS].filter(each => select(selector, [each], LABELS).length > 0)

for (const [what, selector, expected] of [
  ['a name', 'vm-001', ['vm-001']],
  ['a pattern', 'vm-00*', ['vm-001', 'vm-002', 'vm-001-ns01', 'vm-001-ns02', 'vm-002-ns01']],
  ['a pattern for all of a name only', '*-ns0', []],
  ['dots of a pattern literally', 'vm.*', []],
  ['routers and testers', ['routers', 'testers'], ['vm-201', 'vm-221']],
  ['a number', 1, ['vm-001', 'vm-001-ns01', 'vm-002-ns01']],
  ['a node, and its PODs', { node: 'vm-002' }, ['vm-002', 'vm-002-ns01']],
  ['PODs of a node', { node: 'vm-001', pod: '*' }, ['vm-001-ns01', 'vm-001-ns02']],
  ['numbers', { number: [2, 201] }, ['vm-002', 'vm-201', 'vm-001-ns02']],
  ['a label on a node', { node: 'vm-002', label: 'web' }, ['vm-002-ns01']],
  ['an unknown label', { label: 'db' }, []],
] as const) {
  test(`selects ${what}`, t => {
    t.deepEqual(
      names(selector).map(({ name }) => name),
      expected,
    )
  })
}

test('finds unknown labels', t => {
  t.deepEqual(unknownLabels(['vm-*', { label: 'db' }, { label: 'web' }], LABELS), ['db'])
})

test('describes selectors', t => {
  t.is(describeSelector(['vm-*', 3, { node: 'vm-001', number: [1, 2] }]), 'vm-*, 3, { node: vm-001, number: 1|2 }')
})
