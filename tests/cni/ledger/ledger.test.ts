import test, { type ExecutionContext } from 'ava'
import { compareLedgers } from '../../../scripts/cni/ledger/compare.ts'
import { takeLedger } from '../../../scripts/cni/ledger/take.ts'
import { quoteWord } from '../../../scripts/ssh/quote.ts'
import { shell, startNodes } from '../cluster.ts'
import { shellOf } from '../shell.ts'
import { GIVEN, NO_CHANGES, NODE_CHANGES, type RealChange, SPACE_CHANGES } from './changes.ts'

const POD = 'vm-001-ns01'
const OTHER = 'vm-001-ns02'

/** A node with two PODs in which everything can be changed, and nothing changes by itself. */
async function prepare(t: ExecutionContext) {
  const [node] = await startNodes(t)
  if (!node) throw new Error('no node')
  const inPlace = (place: string) => (script: string) =>
    shell(node, place === node.name ? script : `nsenter --net=/var/run/netns/${place} sh -ec ${quoteWord(script)}`)
  const take = () => takeLedger(shellOf(node), [POD, OTHER], { directories: ['/opt/data'] })
  await shell(node, 'netns_test create 2')
  return { node, inPlace, take }
}

const changesOf = (place: string, node: string): readonly RealChange[] =>
  place === node ? [...SPACE_CHANGES, ...NODE_CHANGES] : SPACE_CHANGES

for (const where of ['node', 'POD']) {
  test(`finds every single change in a ${where}, and nothing else`, async t => {
    const { node, inPlace, take } = await prepare(t)
    const place = where === 'node' ? node.name : POD
    const run = inPlace(place)
    await run(GIVEN)
    const failures: string[] = []
    let last = await take()
    for (const { what, given = ':', change, undo, difference, how = 'left', needs } of changesOf(place, node.name)) {
      if (needs && (await run(needs).catch(() => undefined)) === undefined) {
        t.log(`${what}: not possible on this kernel`)
        continue
      }
      await run(given)
      const before = given === ':' && !needs ? last : await take()
      await run(change)
      const found = compareLedgers(before, await take(), 'DEL')
      await run(undo)
      const [first] = found
      const isNamed =
        first?.place === place &&
        first.change === how &&
        first.message.startsWith(`${place}: ${difference}`) &&
        first.message.endsWith(' after DEL')
      if (found.length !== 1 || !isNamed || before.omitted.length > 0)
        failures.push([`${what}:`, ...before.omitted, ...found.map(({ message }) => message)].join('\n'))
      last = await take()
      for (const { message } of compareLedgers(before, last)) failures.push(`${what}, undone: ${message}`)
    }
    t.deepEqual(failures, [])
  })
}

test('finds no change where there is none', async t => {
  const { node, inPlace, take } = await prepare(t)
  for (const place of [node.name, POD]) {
    const run = inPlace(place)
    await run(GIVEN)
    for (const { what, change } of NO_CHANGES) {
      await shell(node, 'mkdir -p /var/lib/cni/networks/x')
      const before = await take()
      await run(change)
      t.deepEqual(compareLedgers(before, await take()), [], what)
    }
  }
})

test('names POD and namespace when a POD is gone, and what it cannot read', async t => {
  const { node, take } = await prepare(t)
  const before = await take()
  await shell(node, `umount /var/run/netns/${OTHER}; rm /var/run/netns/${OTHER}`)
  const after = await take()
  t.deepEqual(after.omitted, [`${OTHER}: no such network namespace`])
  const messages = compareLedgers(before, after, 'the end of the POD').map(({ message }) => message)
  t.true(messages.includes(`vm-001: namespace ${OTHER} is missing after the end of the POD`), messages.join('\n'))
  await shell(node, 'mv "$(command -v nft)" /tmp')
  t.true((await take()).omitted.includes('vm-001: nft is missing'))
})
