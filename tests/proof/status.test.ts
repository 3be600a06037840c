import test from 'ava'
import fc from 'fast-check'
import { Failure } from '../../scripts/errors/failure.ts'
import { readNetwork, readNode } from '../../scripts/proof/network.ts'
import { checkStatus } from '../../scripts/proof/status-schema.ts'
import { nodeOf } from '../runner/artifacts/evidence/node.ts'

const answering = (name: string, text: string, exitCode = 0) =>
  nodeOf(name, async ({ stdout, stderr }) => {
    if (exitCode === 0) stdout.write(text)
    else stderr.write(text)
    return exitCode
  })
const eth0 = {
  ifindex: 2,
  link: null,
  link_index: 5,
  ifname: 'eth0',
  flags: ['BROADCAST', 'UP'],
  mtu: 1500,
  operstate: 'UP',
  address: '02:00:00:00:00:02',
  linkinfo: { info_kind: 'veth' },
  addr_info: [{ family: 'inet', local: '10.0.0.1', prefixlen: 24, scope: 'global', more: 1 }],
  more: {},
}
const status = {
  node: 'vm-002',
  npods: 1,
  interfaces: [eth0],
  routes: [{ dst: 'default', dev: 'eth0', metrics: [{}] }, { type: 'anycast' }],
  pods: [{ name: 'vm-002-ns01', interfaces: [eth0], routes: [] }],
}
const read = (json: unknown) => readNode(answering('vm-002', JSON.stringify(json)))

test('accepts a status with unknown members', async t => {
  t.deepEqual(await read(status), status as unknown)
})

const changed = (change: (copy: Record<string, never>) => void) => {
  const copy = structuredClone(status)
  change(copy as never)
  return copy
}
for (const [what, json, why] of [
  ['no members', {}, /^vm-002: its status is invalid: node: /],
  ['an array instead of an object', [], /^vm-002: its status is invalid: /],
  ['the name of another node', { ...status, node: 'vm-001' }, /: it is the status of 'vm-001'$/],
  [
    'a POD of another node',
    { ...status, pods: [{ name: 'vm-001-ns01', interfaces: [], routes: [] }] },
    /POD 'vm-001-ns01' belongs to vm-001$/,
  ],
  ['a POD twice', { ...status, pods: [status.pods[0], status.pods[0]] }, /duplicate POD 'vm-002-ns01'$/],
  ['a name that is a path', { ...status, pods: [{ name: '../x', interfaces: [], routes: [] }] }, /pods\.0\.name: /],
  ['a negative MTU', { ...status, interfaces: [{ ...eth0, mtu: -1 }] }, /interfaces\.0\.mtu: /],
  ['a huge MTU', { ...status, interfaces: [{ ...eth0, mtu: 1e30 }] }, /interfaces\.0\.mtu: /],
  [
    'no addresses',
    { ...status, pods: [{ name: 'x', interfaces: [{ ...eth0, addr_info: undefined }], routes: [] }] },
    /addr_info: /,
  ],
  [
    'an invalid address',
    changed(copy => Object.assign((copy.interfaces as never)[0]['addr_info'][0], { local: '10.0.0.300' })),
    /addr_info\.0: not an address/,
  ],
  [
    'an address of another family',
    changed(copy => Object.assign((copy.interfaces as never)[0]['addr_info'][0], { family: 'inet6' })),
    /addr_info\.0: not an address/,
  ],
  ['too many PODs', { ...status, npods: 1e9 }, /npods: /],
] as const) {
  test(`rejects a status with ${what}, naming the node`, async t => {
    const error = await t.throwsAsync(read(json), { instanceOf: Failure, code: 'BAD_STATUS', message: why })
    t.like(error, { exitCode: 4, node: 'vm-002' })
  })
}

test('reports invalid JSON and a failed command with the node and the reason', async t => {
  await t.throwsAsync(readNode(answering('vm-002', '{"node":"vm-002"')), {
    code: 'BAD_STATUS',
    message: /^vm-002: its status is invalid: .*JSON/,
  })
  await t.throwsAsync(readNode(answering('vm-002', 'netns_test: status: cannot\u001b[2J look\n', 1)), {
    code: 'BAD_STATUS',
    message: 'vm-002: netns_test status failed with exit status 1: netns_test: status: cannot look',
  })
})

test('names the node with the invalid status', async t => {
  const valid = answering('vm-001', JSON.stringify({ ...status, node: 'vm-001', pods: [] }))
  await t.throwsAsync(readNetwork([valid, answering('vm-002', '{}')]), { code: 'BAD_STATUS', message: /^vm-002: / })
})

test('rejects arbitrary JSON', async t => {
  await fc.assert(
    fc.asyncProperty(fc.json(), async text => {
      await t.throwsAsync(readNode(answering('vm-002', text)), { code: 'BAD_STATUS', message: /^vm-002: / })
    }),
    { numRuns: 50 },
  )
})

test('reads tunnels from routes of old and new versions of iproute2 alike', t => {
  const old = JSON.parse('{"dst":"10.2.0.0/24","encap":"ip","id":100,"dst":"10.0.0.2","dev":"vx"}')
  const encap = { encap_type: 'ip', id: 100, src: '0.0.0.0', dst: '10.0.0.2', ttl: 0, tos: 0 }
  for (const route of [old, { dst: '10.2.0.0/24', encap, dev: 'vx' }]) {
    const { routes } = checkStatus('vm-002', { ...status, routes: [route] })
    t.like(routes[0], { dst: '10.0.0.2', encap: 'ip', dev: 'vx' })
  }
  t.throws(() => checkStatus('vm-002', { ...status, routes: [{ encap: 7 }] }), { message: /^routes\.0\.encap: / })
})
