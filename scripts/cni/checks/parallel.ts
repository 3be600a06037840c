import type { Bench } from '../bench.ts'
import { describeFailure } from '../runtime/runtime.ts'
import { Inapplicable, requireThat } from '../violation.ts'
import { always, type Checks, needsIpam } from './check.ts'
import { requireWorking } from './outcomes.ts'

/** How many containers are attached at once. */
const PARALLEL = 8

/** Checks of concurrent ADDs. */
export const parallel: Checks<'ADD in parallel' | 'ADD in parallel: unique addresses'> = {
  'ADD in parallel': {
    applies: always,
    run: async bench => {
      const { failure } = await addInParallel(bench)
      requireThat(failure === undefined, failure ?? '')
    },
  },
  'ADD in parallel: unique addresses': {
    applies: needsIpam,
    run: async bench => {
      const seen = new Map<string, string>()
      const { failure, attachments } = await addInParallel(bench)
      if (failure !== undefined) throw new Inapplicable(failure)
      for (const attachment of attachments) {
        const { containerId } = attachment
        for (const address of await bench.addressesOf(attachment)) {
          requireThat(!seen.has(address), `${seen.get(address)} and ${containerId} have the address ${address}`)
          seen.set(address, containerId)
        }
      }
      if (seen.size === 0) throw new Inapplicable('ADD assigned no addresses')
    },
  },
}

/** Attaches several containers at once. */
async function addInParallel(bench: Bench) {
  await requireSecond(bench)
  const attachments = await bench.containers(PARALLEL)
  const outcomes = await bench.runtime().add(attachments)
  const failed = outcomes.findIndex(({ failure }) => failure)
  const why = `${attachments[failed]?.containerId}, one of ${PARALLEL} at once: ${describeFailure(outcomes[failed])}`
  return { attachments, failure: failed < 0 ? undefined : why }
}

/**
 * Some networks serve one container at a time: they move an interface of the node, or have one address.
 * @throws Inapplicable
 */
export async function requireSecond(bench: Bench): Promise<void> {
  const runtime = bench.runtime()
  const attachments = await bench.containers(2)
  const seen: string[] = []
  for (const attachment of attachments) {
    const [outcome] = await runtime.add([attachment])
    const second = 'the network does not serve two containers, one after the other'
    requireWorking(second, outcome)
    const addresses = await bench.addressesOf(attachment)
    const same = addresses.find(address => attachment.ifname !== 'lo' && seen.includes(address))
    if (same) throw new Inapplicable(`${second}: both have the address ${same}`)
    seen.push(...addresses)
  }
  await runtime.del(attachments)
}
