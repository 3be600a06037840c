import test from 'ava'
import { fill, valuesOf } from '../../../scripts/cni/configuration/fill.ts'
import { readNetwork } from '../../../scripts/cni/configuration/read.ts'
import { requirePlugins } from '../../../scripts/cni/runtime/programs.ts'
import { readSettings } from '../../../scripts/settings/settings.ts'

const LIST = { cniVersion: '1.0.0', name: 'net', plugins: [{ type: 'bridge', ipam: { type: 'host-local' } }] }
const read = (value: unknown) => readNetwork(typeof value === 'string' ? value : JSON.stringify(value), 'my.conflist')

test('reads a list of plugins with all their keys', t => {
  t.deepEqual(read({ ...LIST, plugins: [{ type: 'bridge', own: [1] }] }), {
    ...LIST,
    plugins: [{ type: 'bridge', own: [1] }],
  })
})

test('reads a single plugin as a list of one, until version 0.4.0', t => {
  const single = { cniVersion: '0.3.1', name: 'net', type: 'bridge', bridge: 'br0' }
  t.deepEqual(read(single), { cniVersion: '0.3.1', name: 'net', plugins: [{ type: 'bridge', bridge: 'br0' }] })
  t.throws(() => read({ ...single, cniVersion: '1.0.0' }), { message: /has no plugins: version 1\.0\.0/ })
})

for (const [what, value, message] of [
  ['text that is no JSON', '{"name":', /^my\.conflist: is not JSON: /],
  ['a document that is no object', '[]', /is not a JSON object/],
  ['a network without a name', { ...LIST, name: undefined }, /has no name/],
  ['an invalid name', { ...LIST, name: '../x' }, /name is "\.\.\/x": must begin with a letter or digit/],
  ['a network without a version', { ...LIST, cniVersion: undefined }, /has no cniVersion/],
  ['an unknown version', { ...LIST, cniVersion: '2.0.0' }, /cniVersion is "2\.0\.0": must be one of 0\.3\.0/],
  ['a network without plugins', { ...LIST, plugins: undefined }, /has no plugins/],
  ['an empty list of plugins', { ...LIST, plugins: [] }, /plugins is \[\]: is empty/],
  ['a plugin without a type', { ...LIST, plugins: [{}] }, /has no plugins\.0\.type/],
  ['a type with a directory', { ...LIST, plugins: [{ type: '../sh' }] }, /plugins\.0\.type .*must be a file name/],
  ['a wrong key of the network', { ...LIST, plugin: [] }, /unknown key 'plugin'/],
  [
    'a key of a plugin in another case',
    { ...LIST, plugins: [{ type: 'x', IPAM: {} }] },
    /plugins\.0: unknown key 'IPAM'/,
  ],
  [
    'a key of the runtime',
    { ...LIST, plugins: [{ type: 'x', prevResult: {} }] },
    /has prevResult, which only the runtime/,
  ],
] as const) {
  test(`refuses ${what}`, t => {
    const error = t.throws(() => read(value), { message })
    t.like(error, { code: 'CNI_CONFIG', exitCode: 2 })
  })
}

test('suggests the key that was meant', t => {
  t.like(
    t.throws(() => read({ ...LIST, plugin: [] })),
    { hint: 'did you mean plugins?' },
  )
})

test('names a plugin that does not exist, and those that do', t => {
  const network = read(LIST)
  const error = t.throws(() => requirePlugins(network, ['bridges', 'host-local'], '/opt/cni/bin'))
  t.like(error, { code: 'NO_CNI_PLUGIN', exitCode: 2, hint: 'did you mean bridges?' })
  t.is(error?.message, "network 'net': no plugin 'bridge'; /opt/cni/bin has bridges, host-local")
  t.throws(() => requirePlugins(network, ['bridge'], 'x'), { message: /no plugin 'host-local'/ })
  t.notThrows(() => requirePlugins(network, ['bridge', 'host-local'], 'x'))
})

const { addressing } = readSettings({}, { HOME: '/root' })

test('fills in the values of a node', t => {
  const values = valuesOf({ name: 'vm-012', number: 12 }, addressing)
  t.is(
    fill('{{node}} {{ number }} {{subnet4}} {{subnet6}}', values, 'f'),
    'vm-012 12 172.16.12.0/24 1000::1:ac10:c00/120',
  )
  t.is(fill('{{prefix4}}.9 {{prefix6}}09', values, 'f'), '172.16.12.9 1000::1:ac10:c09')
})

test('names an unknown variable and those that exist', t => {
  const error = t.throws(() => fill('{{subnet5}}', { subnet4: 'x' }, 'my.conf'))
  t.like(error, { code: 'CNI_CONFIG', message: 'my.conf: unknown variable {{subnet5}}', hint: 'did you mean subnet4?' })
})
