import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { respondingNodes } from '../../scripts/diagnosis/responding-nodes.ts'
import type { Node } from '../../scripts/ssh/node.ts'
import { nodeOf } from '../runner/artifacts/evidence/node.ts'

const after = (name: string, milliseconds: number) =>
  nodeOf(name, async () => {
    await delay(milliseconds)
    return 0
  })
const hanging = (name: string) =>
  nodeOf(name, async (_streams, _command, signal) => {
    await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    return 0
  })
const lost = (name: string) => nodeOf(name, () => Promise.reject(new Error('the connection was closed')))

const namesOf = (nodes: readonly Node[]) => nodes.map(({ name }) => name)
const { signal } = new AbortController()

test('returns without the nodes that hang or are lost', async t => {
  const start = performance.now()
  const nodes = [after('vm-001', 10), hanging('vm-002'), lost('vm-003'), after('vm-004', 100)]
  const timeouts = { first: 60_000, next: 2000, all: 60_000 }
  t.deepEqual(namesOf(await respondingNodes(nodes, signal, timeouts)), ['vm-001', 'vm-004'])
  t.true(performance.now() - start < 30_000)
})

test('waits for late nodes as long as others keep answering', async t => {
  const nodes = [1, 2, 3, 4, 5, 6].map(number => after(`vm-00${number}`, number * 500))
  const timeouts = { first: 60_000, next: 2500, all: 60_000 }
  t.is((await respondingNodes(nodes, signal, timeouts)).length, 6)
})

test('times out without any answer, and after the total time', async t => {
  t.deepEqual(await respondingNodes([hanging('vm-001')], signal, { first: 100, next: 60_000, all: 60_000 }), [])
  const nodes = [after('vm-001', 1), hanging('vm-002')]
  t.deepEqual(namesOf(await respondingNodes(nodes, signal, { first: 60_000, next: 60_000, all: 1500 })), ['vm-001'])
})

test('stops when it is interrupted', async t => {
  const interrupting = new AbortController()
  const asking = respondingNodes([hanging('vm-001')], interrupting.signal)
  interrupting.abort(new Error('interrupted'))
  await t.throwsAsync(asking, { message: 'interrupted' })
})
