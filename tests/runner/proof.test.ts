import test from 'ava'
import { numberedPods, type TestCase } from '../../scripts/cases/test-case.ts'
import type { NewEvent } from '../../scripts/events/events.ts'
import { withDeadline } from '../../scripts/host/deadline.ts'
import { runProof } from '../../scripts/runner/proof.ts'
import { readSettings } from '../../scripts/settings/settings.ts'
import type { Node } from '../../scripts/ssh/node.ts'
import { nodeOf } from './artifacts/evidence/node.ts'

const interfaces = (number: number, families: readonly (4 | 6)[], up = true) => [
  {
    ifname: 'eth0',
    ifindex: 2,
    flags: up ? ['UP'] : [],
    mtu: 1500,
    addr_info: families.map(family => ({
      family: family === 4 ? 'inet' : 'inet6',
      local: family === 4 ? `10.0.0.${number}` : `fd00::${number}`,
      prefixlen: 24,
      scope: 'global',
    })),
  },
]
interface Told {
  readonly families?: readonly (4 | 6)[]
  readonly pods?: number
  readonly npods?: number
}

/** The status of a node; its PODs' addresses are unique in the cluster. */
const status = (node: string, { families = [4, 6], pods = 2, npods = 2 }: Told = {}) => ({
  node,
  npods,
  interfaces: [],
  routes: [],
  pods: Array.from({ length: pods }, (_, index) => ({
    name: `${node}-ns0${index + 1}`,
    interfaces: interfaces(Number(node.slice(-1)) * 10 + index, families),
    routes: [],
  })),
})

/** A node with a status, whose PODs all reach each other. */
const answering = (told: ReturnType<typeof status> | string) =>
  nodeOf(typeof told === 'string' ? told : told.node, async ({ stdout, stdin }, command) => {
    if (typeof told === 'string') stdout.write('{}')
    else if (command.includes('status')) stdout.write(JSON.stringify(told))
    else {
      const lines = String(stdin).split('\n').filter(Boolean)
      for (const { name } of told.pods) {
        for (const [pod = '', ...addresses] of lines.map(line => line.split(' '))) {
          if (pod === `+${name}`) for (const address of addresses.slice(1)) stdout.write(`${name} + ${address} 1\n`)
          else if (/^[+]/.test(pod) || pod === name) continue
          else for (const address of addresses) stdout.write(`${name} ${address} 1 1 0.1 0.1 0.1\n`)
        }
      }
    }
    return 0
  })

const TEST: TestCase = {
  name: 'mine',
  file: import.meta.filename,
  summary: '',
  needs: {},
  steps: [],
  pods: [numberedPods('workers')],
  reach: 'all',
}

async function prove(nodes: readonly Node[], options: Record<string, string> = {}, testCase: TestCase = TEST) {
  const events: NewEvent[] = []
  const settings = readSettings({ __nvm: String(nodes.length), ...options }, { HOME: '/nonexistent' })
  const proof = await runProof(
    { test: testCase, settings, reach: 'all', nodes },
    {
      test: 'mine',
      index: 1,
      of: 1,
      timeoutSeconds: Number(options.__timeout ?? 60),
      emit: event => void events.push(event),
      signal: new AbortController().signal,
      diagnose: async () => ({ how: '', console: [], gone: false }),
    },
  )
  return { ...proof, events }
}
const failuresOf = ({ failures }: Awaited<ReturnType<typeof prove>>) =>
  failures.map(({ node, why, broken }) => `${node}: ${why}${broken ? ' (broken)' : ''}`)

test('passes if all PODs exist and answer', async t => {
  const proof = await prove([answering(status('vm-001')), answering(status('vm-002'))])
  t.deepEqual(proof.failures, [])
  t.regex(
    String(proof.events.flatMap(event => (event.type === 'matrix' ? [event.text] : []))),
    /^24 of 24 pairs answer/,
  )
})

test('reports missing PODs although all existing ones answer', async t => {
  const proof = await prove([answering(status('vm-001')), answering(status('vm-002', { pods: 1 }))])
  t.deepEqual(failuresOf(proof), ['vm-002: vm-002: 1 of 2 PODs are gone: vm-002-ns02'])
  t.true(proof.events.some(({ type }) => type === 'findings'))
  t.truthy(proof.matrix)
  const none = await prove([answering(status('vm-001')), answering(status('vm-002', { pods: 0 }))])
  t.deepEqual(failuresOf(none), ['vm-002: vm-002: 2 of 2 PODs are gone: vm-002-ns01, vm-002-ns02'])
  const all = await prove([answering(status('vm-001', { pods: 0 })), answering(status('vm-002', { pods: 0 }))])
  t.is(all.failures.length, 2)
})

test('fails if no POD has IPv6, except with family IPv4', async t => {
  const nodes = ['vm-001', 'vm-002'].map(name => answering(status(name, { families: [4] })))
  const lost = (node: string) => `${node}: ${node}: 2 of 2 PODs lost their IPv6 address: ${node}-ns01, ${node}-ns02`
  t.deepEqual(failuresOf(await prove(nodes)), [lost('vm-001'), lost('vm-002')])
  t.deepEqual(failuresOf(await prove(nodes, { __family: '4' })), [])
})

test('expects the NPODS of the user; without, all nodes must have the same', async t => {
  const two = ['vm-001', 'vm-002'].map(name => answering(status(name)))
  t.deepEqual(failuresOf(await prove(two, { xcluster_NPODS: '3' })), [
    'vm-001: vm-001: 1 of 3 PODs are gone: vm-001-ns03',
    'vm-002: vm-002: 1 of 3 PODs are gone: vm-002-ns03',
  ])
  const odd = [answering(status('vm-001')), answering(status('vm-002', { pods: 1, npods: 1 }))]
  t.regex(
    failuresOf(await prove(odd))[0] ?? '',
    /^vm-002: the nodes create different numbers of PODs: NPODS is 2 on vm-001, NPODS is 1 on vm-002$/,
  )
})

test('proves a foreign network as it is, describes it, and names differences between nodes', async t => {
  const { pods: _, ...unknown } = TEST
  const nodes = [answering(status('vm-001')), answering(status('vm-002', { pods: 3 }))]
  const proof = await runProof(
    { test: unknown, settings: readSettings({}, { HOME: '/nonexistent' }), reach: 'all', nodes },
    {
      test: 'matrix',
      index: 1,
      of: 1,
      timeoutSeconds: 60,
      emit: event =>
        event.type === 'notice' && t.is(event.text, 'matrix: 5 PODs in 2 nodes, all with IPv4 and IPv6 addresses'),
      signal: new AbortController().signal,
      diagnose: async () => ({ how: '', console: [], gone: false }),
    },
  )
  t.deepEqual(proof.failures, [])
})

test('fails a foreign network if PODs lack a family that others have, except with that family alone', async t => {
  const { pods: _, ...unknown } = TEST
  const nodes = [answering(status('vm-001')), answering(status('vm-002', { families: [4] }))]
  t.deepEqual(failuresOf(await prove(nodes, {}, unknown)), [
    'vm-002: vm-002: 2 of 2 PODs have no IPv6 address, but others have: vm-002-ns01, vm-002-ns02',
  ])
  t.deepEqual(failuresOf(await prove(nodes, { __family: '4' }, unknown)), [])
})

test('fails a network without PODs, and reports that there are none', async t => {
  const nodes = ['vm-001', 'vm-002'].map(name => answering(status(name, { pods: 0 })))
  const { pods: _, ...unknown } = TEST
  const proof = await prove(nodes, {}, unknown)
  t.deepEqual(failuresOf(proof), ['vm-001: no POD has an address'])
  t.deepEqual(
    proof.events.flatMap(event => (event.type === 'notice' ? [event.text] : [])),
    ['matrix: no PODs in 2 nodes'],
  )
})

test('does not pass a single POD', async t => {
  t.deepEqual(failuresOf(await prove([answering(status('vm-001', { pods: 1, npods: 1 }))], { xcluster_NPODS: '1' })), [
    'vm-001: nothing was proved: 1 POD, no pairs to ping',
  ])
})

test('blames only the node whose status is invalid', async t => {
  const proof = await prove([answering(status('vm-001')), answering('vm-002')])
  t.regex(failuresOf(proof)[0] ?? '', /^vm-002: vm-002: its status is invalid: .* \(broken\)$/)
  t.is(proof.failures.length, 1)
})

test('blames only the node that times out', async t => {
  const hanging = nodeOf('vm-002', async () => 0)
  const never = (_command: string, _streams: unknown, signal?: AbortSignal) =>
    new Promise<number>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  const hung: Node = { ...hanging, connection: { run: never } as unknown as Node['connection'] }
  const proof = await withDeadline(20_000, () => prove([answering(status('vm-001')), hung], { __timeout: '1' }))
  t.deepEqual(failuresOf(proof), ['vm-002: did not end in 1 s'])
})
