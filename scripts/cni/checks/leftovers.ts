import type { Bench } from '../bench.ts'
import { compareLedgers } from '../ledger/compare.ts'
import { takeLedger } from '../ledger/take.ts'
import { firstOf } from '../report/words.ts'
import type { Attachment } from '../runtime/derive.ts'
import { requireThat } from '../violation.ts'

/**
 * Requires that operations leave node and containers as they were. The first attachment of a network may create
 * shared objects, such as a bridge, which are not leftovers: call {@link attachFirst} before.
 * @param what for the message: `a failed ADD`
 */
export async function leavesNothing(
  bench: Bench,
  attachments: readonly Attachment[],
  what: string,
  run: () => Promise<void>,
): Promise<void> {
  const names = attachments.map(({ containerId }) => containerId)
  const take = () => takeLedger(bench.shell, names)
  const before = await take()
  await run()
  const after = await take()
  const unread = [...new Set([...before.omitted, ...after.omitted])]
  if (unread.length > 0) bench.note('not compared', unread.join('\n'))
  const differences = compareLedgers(before, after, what).map(({ message }) => message)
  bench.note(`differences after ${what}`, differences.join('\n') || 'none')
  requireThat(differences.length === 0, firstOf(differences) ?? '')
}

/**
 * Attaches a container, so that the network's shared objects exist. Detaches it if the network serves one container at
 * a time, such as one that moves an interface of the node.
 */
export async function attachFirst(bench: Bench): Promise<void> {
  const runtime = bench.runtime()
  const [first, second] = await bench.containers(2)
  if (!first || !second) throw new Error('two containers were created')
  await runtime.add([first])
  const [outcome] = await runtime.add([second])
  await runtime.del([second])
  if (outcome?.failure) await runtime.del([first])
}
