import { type Attached, type Bench, describeFailure, ipamOf } from '../bench.ts'
import { watchIpam } from '../ipam.ts'
import type { PluginConfig } from '../network.ts'
import type { Attachment } from '../runtime/derive.ts'
import { isBefore } from '../runtime/result.ts'
import type { Outcome, Runtime } from '../runtime/runtime.ts'
import { Inapplicable, requireThat } from '../violation.ts'
import { always, type CheckCode, type Checks, createsInterface } from './check.ts'
import { attachFirst, leavesNothing } from './leftovers.ts'
import { callsIpam, listState, newReservations, returnsErrorOfIpam } from './verify.ts'

/** A check that attaches a container, does something, and expects DEL to succeed. */
const succeeds = (prepare: (bench: Bench, attached: Attached) => Promise<Attachment>): CheckCode => ({
  applies: always,
  run: async bench => {
    const runtime = bench.runtime()
    const before = await listState(bench)
    const attached = await bench.attach(runtime)
    const reserved = newReservations(before, await listState(bench))
    requireSuccess(await runtime.del([await prepare(bench, attached)]))
    const left = (await listState(bench)).filter(file => reserved.includes(file))
    bench.note('files of the reservation after DEL', left.join('\n') || 'none')
    requireThat(left.length === 0, `DEL did not free the address: ${left[0]} is left`)
  },
})

function requireSuccess(outcomes: readonly Outcome[]): void {
  const [outcome] = outcomes
  requireThat(!outcome?.failure, describeFailure(outcome))
}

/** Checks of DEL. */
export const del: Checks<
  | 'DEL after ADD'
  | 'DEL removes the interface'
  | 'DEL leaves nothing'
  | 'DEL twice'
  | 'DEL after the netns is gone'
  | 'DEL with an empty CNI_NETNS'
  | 'DEL without the master interface'
  | 'DEL with an empty prevResult'
  | 'DEL after a failed ADD'
  | 'DEL after a failed ADD: leaves nothing'
  | 'DEL calls IPAM'
  | 'DEL returns the error of IPAM'
> = {
  'DEL after ADD': {
    applies: always,
    run: async bench => {
      const runtime = bench.runtime()
      const { attachment } = await bench.attach(runtime)
      requireSuccess(await runtime.del([attachment]))
    },
  },
  'DEL removes the interface': {
    applies: createsInterface,
    run: async bench => {
      const runtime = bench.runtime()
      const { attachment } = await bench.attach(runtime)
      requireWorking(await runtime.del([attachment]))
      const { links } = await bench.kernel(attachment.netns)
      const isThere = links.some(({ ifname }) => ifname === attachment.ifname)
      requireThat(!isThere, `the container still has the interface ${attachment.ifname}`)
    },
  },
  'DEL leaves nothing': {
    applies: always,
    run: async bench => {
      await attachFirst(bench)
      const attachment = await bench.container()
      await leavesNothing(bench, [attachment], 'ADD and DEL', async () => {
        const runtime = bench.runtime()
        await bench.addTo(runtime, attachment)
        requireWorking(await runtime.del([attachment]))
        const { links } = await bench.kernel(attachment.netns)
        if (attachment.ifname !== 'lo' && links.some(({ ifname }) => ifname === attachment.ifname))
          throw new Inapplicable(`DEL leaves the interface ${attachment.ifname}, as another check says`)
      })
    },
  },
  'DEL twice': {
    applies: always,
    run: async bench => {
      const runtime = bench.runtime()
      const { attachment, result } = await bench.attach(runtime)
      requireWorking(await runtime.del([attachment]))
      await delWith(bench, runtime, attachment, isBefore(bench.network.cniVersion, '0.4.0') ? undefined : result)
    },
  },
  'DEL after the netns is gone': succeeds(async (bench, { attachment }) => {
    await bench.mustRun('ip netns delete "$1"', attachment.containerId)
    return attachment
  }),
  'DEL with an empty CNI_NETNS': succeeds(async (bench, { attachment }) => {
    await bench.mustRun('ip netns delete "$1"', attachment.containerId)
    return { ...attachment, netns: '' }
  }),
  'DEL without the master interface': {
    applies: network => masterOf(network.plugins) !== undefined || 'no plugin of the network names a master interface',
    run: async bench => {
      const master = masterOf(bench.network.plugins) ?? ''
      await succeeds(async (_, { attachment }) => {
        await bench.mustRun('ip link delete "$1"', master)
        return attachment
      }).run(bench)
    },
  },
  'DEL with an empty prevResult': {
    applies: ({ cniVersion }) => !isBefore(cniVersion, '0.4.0') || `DEL gets prevResult since version 0.4.0`,
    run: async bench => {
      const runtime = bench.runtime()
      const { attachment } = await bench.attach(runtime)
      await delWith(bench, runtime, attachment, { cniVersion: bench.network.cniVersion })
    },
  },
  'DEL after a failed ADD': {
    applies: always,
    run: async bench => {
      const runtime = await failing(bench)
      const attachment = await bench.container()
      await failToAdd(runtime, attachment)
      requireSuccess(await runtime.del([attachment]))
    },
  },
  'DEL after a failed ADD: leaves nothing': {
    applies: always,
    run: async bench => {
      await attachFirst(bench)
      const attachment = await bench.container()
      const runtime = await failing(bench)
      await leavesNothing(bench, [attachment], 'a failed ADD and DEL', async () => {
        await failToAdd(runtime, attachment)
        await runtime.del([attachment])
      })
    },
  },
  'DEL calls IPAM': callsIpam('DEL'),
  'DEL returns the error of IPAM': returnsErrorOfIpam('DEL'),
}

/** DEL itself has a check of its own. */
function requireWorking(outcomes: readonly Outcome[]): void {
  const [outcome] = outcomes
  if (outcome?.failure) throw new Inapplicable(`DEL failed: ${describeFailure(outcome)}`)
}

/** Calls DEL of all plugins in reverse order, with a result that the runtime would not give them. */
async function delWith(bench: Bench, runtime: Runtime, attachment: Attachment, result: Attached['result'] | undefined) {
  for (const plugin of [...bench.network.plugins].reverse()) {
    const { answer } = await runtime.call('DEL', plugin, attachment, result)
    requireThat(answer.ok, `the plugin ${plugin.type} ${answer.ok ? '' : answer.why}`)
  }
}

/** A runtime whose ADD fails halfway, because its IPAM plugin does. */
async function failing(bench: Bench): Promise<Runtime> {
  const plugin = ipamOf(bench.network)
  if (plugin) {
    const { cniPath, fail } = await watchIpam(bench, plugin.ipam.type)
    await fail('ADD')
    return bench.runtime(bench.network, { cniPath })
  }
  throw new Inapplicable('no plugin of the network has an IPAM plugin, which would let ADD fail')
}

async function failToAdd(runtime: Runtime, attachment: Attachment): Promise<void> {
  const [outcome] = await runtime.add([attachment])
  if (!outcome?.failure) throw new Inapplicable('ADD did not fail')
}

/** The interface of the node on which a plugin builds. */
const masterOf = (plugins: readonly PluginConfig[]): string | undefined =>
  plugins.map(({ master }) => master).find(master => typeof master === 'string') as string | undefined
