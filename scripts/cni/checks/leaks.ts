import type { Bench } from '../bench.ts'
import { compareLedgers } from '../ledger/compare.ts'
import { takeLedger } from '../ledger/take.ts'
import type { Attachment } from '../runtime/derive.ts'
import { describeFailure } from '../runtime/runtime.ts'
import { Inapplicable } from '../violation.ts'
import { always, type Checks, needsIpam } from './check.ts'
import { attachFirst, leavesNothing } from './leftovers.ts'
import { detach, requireWorking } from './outcomes.ts'
import { requireSecond } from './parallel.ts'
import { exhaustible, shrunk } from './pool.ts'

const CYCLES = 5
const AT_ONCE = 50
/** Deletes a namespace, and waits: the kernel removes its interfaces, and their peers on the node, a moment later. */
const DELETE_NAMESPACE = `ip netns delete "$1" || exit
shift
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	for link; do ip link show "$link" >/dev/null 2>&1 || exit 0; done
	sleep 0.1
done`
/** Time limit of a plugin while {@link AT_ONCE} run, in seconds. */
const CROWD_SECONDS = 150
/** Parts of ADD's duration; ADD is killed once in each, at a random moment. */
const KILLS = 4

/** Checks for leftovers of scenarios that end with DEL. */
export const leaks: Checks<
  | 'DEL after many ADDs: leaves nothing'
  | 'DEL after a killed ADD: leaves nothing'
  | 'DEL after the netns is gone: leaves nothing'
  | 'DEL with an exhausted pool: leaves nothing'
  | 'DEL in parallel: leaves nothing'
> = {
  'DEL after many ADDs: leaves nothing': {
    applies: always,
    run: async bench => {
      const attachment = await prepare(bench)
      await leavesNothing(bench, [attachment], `${CYCLES} times ADD and DEL`, async () => {
        for (let cycle = 0; cycle < CYCLES; cycle++) await attachAndDetach(bench, attachment)
      })
    },
  },
  'DEL after a killed ADD: leaves nothing': {
    applies: always,
    run: async bench => {
      const attachment = await prepare(bench)
      const seconds = await durationOfAdd(bench, attachment)
      for (let part = 0; part < KILLS; part++) {
        const timeout = Math.max(0.001, (seconds * (part + Math.random())) / KILLS)
        const what = `ADD, killed after ${Math.round(timeout * 1000)} of ${Math.round(seconds * 1000)} ms, and DEL`
        await leavesNothing(bench, [attachment], what, async () => {
          await bench.runtime(bench.network, { timeout }).add([attachment])
          await detach(bench.runtime(), attachment)
        })
      }
    },
  },
  'DEL after the netns is gone: leaves nothing': {
    applies: always,
    run: async bench => {
      await prepare(bench)
      // Its namespace exists neither before nor after.
      await leavesNothing(bench, [], 'ADD, the end of the namespace, and DEL', async () => {
        const runtime = bench.runtime()
        const own = await bench.kernel('')
        const { attachment } = await bench.attach(runtime)
        const { links } = await bench.kernel('')
        const moved = own.links.find(({ ifname }) => !links.some(link => link.ifname === ifname))
        if (moved)
          throw new Inapplicable(`the network moves ${moved.ifname}, which in a sandbox ends with the namespace`)
        await bench.mustRun(DELETE_NAMESPACE, attachment.containerId, ...links.map(({ ifname }) => ifname))
        await detach(runtime, attachment)
      })
    },
  },
  'DEL with an exhausted pool: leaves nothing': {
    applies: exhaustible,
    run: async bench => {
      const runtime = bench.runtime(shrunk(bench.network))
      await bench.attach(runtime)
      const attachment = await bench.container()
      await leavesNothing(bench, [attachment], 'a failed ADD with an exhausted pool, and DEL', async () => {
        const [outcome] = await runtime.add([attachment])
        if (!outcome?.failure) throw new Inapplicable('ADD succeeded, and no address was free')
        await detach(runtime, attachment)
      })
    },
  },
  'DEL in parallel: leaves nothing': {
    applies: needsIpam,
    run: async bench => {
      await requireSecond(bench)
      await prepare(bench)
      const attachments = await bench.containers(AT_ONCE)
      await leavesNothing(bench, [], `${AT_ONCE} ADDs and DELs at once`, async () => {
        const runtime = bench.runtime(bench.network, { timeout: CROWD_SECONDS })
        const failed = (await runtime.add(attachments)).find(({ failure }) => failure)
        if (failed) throw new Inapplicable(`one of ${AT_ONCE} ADDs at once failed: ${describeFailure(failed)}`)
        for (const outcome of await runtime.del(attachments)) requireWorking('DEL failed', outcome)
      })
    },
  },
}

/**
 * Attaches the first container of the network, and attaches and detaches another one.
 * @returns the detached container
 * @throws Inapplicable when a single ADD and DEL leaves something
 */
async function prepare(bench: Bench): Promise<Attachment> {
  await attachFirst(bench)
  const attachment = await bench.container()
  const take = () => takeLedger(bench.shell, [attachment.containerId])
  const before = await take()
  await attachAndDetach(bench, attachment)
  const [left] = compareLedgers(before, await take())
  if (left) throw new Inapplicable(`a single ADD and DEL leaves something, as another check says: ${left.message}`)
  return attachment
}

async function attachAndDetach(bench: Bench, attachment: Attachment): Promise<void> {
  const runtime = bench.runtime()
  await bench.addTo(runtime, attachment)
  await detach(runtime, attachment)
}

/** The time of the slowest plugin's ADD, in seconds. */
async function durationOfAdd(bench: Bench, attachment: Attachment): Promise<number> {
  const runtime = bench.runtime()
  const [outcome] = await runtime.add([attachment])
  await detach(runtime, attachment)
  return Math.max(...(outcome?.calls ?? []).map(({ end }) => end.microseconds)) / 1e6
}
