import { type Attached, type Bench, ipamOf } from '../bench.ts'
import { watchIpam } from '../ipam.ts'
import type { PluginConfig } from '../network.ts'
import type { Attachment } from '../runtime/derive.ts'
import { isBefore } from '../runtime/result.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { Inapplicable, requireThat } from '../violation.ts'
import { always, type CheckCode, type Checks, createsInterface } from './check.ts'
import { attachFirst, leavesNothing } from './leftovers.ts'
import { detach, requireDelWith, requireSuccess } from './outcomes.ts'
import { callsIpam, listState, newReservations, returnsErrorOfIpam } from './verify.ts'

/** A check that attaches a container, does something, and expects DEL to succeed. */
const succeeds = (prepare: (bench: Bench, attached: Attached) => Promise<Attachment>): CheckCode => ({
  applies: always,
  run: async bench => {
    const runtime = bench.runtime()
    const before = await listState(bench)
    const attached = await bench.attach(runtime)
    const reserved = newReservations(before, await listState(bench))
    const [outcome] = await runtime.del([await prepare(bench, attached)])
    requireSuccess(outcome)
    const left = (await listState(bench)).filter(file => reserved.includes(file))
    bench.note('files of the reservation after DEL', left.join('\n') || 'none')
    requireThat(left.length === 0, `DEL did not free the address: ${left[0]} is left`)
  },
})

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
      requireSuccess((await runtime.del([attachment]))[0])
    },
  },
  'DEL removes the interface': {
    applies: createsInterface,
    run: async bench => {
      const runtime = bench.runtime()
      const { attachment } = await bench.attach(runtime)
      await detach(runtime, attachment)
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
        await detach(runtime, attachment)
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
      await detach(runtime, attachment)
      await requireDelWith(runtime, attachment, isBefore(bench.network.cniVersion, '0.4.0') ? undefined : result)
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
      await requireDelWith(runtime, attachment, { cniVersion: bench.network.cniVersion })
    },
  },
  'DEL after a failed ADD': {
    applies: always,
    run: async bench => {
      const runtime = await failing(bench)
      const attachment = await bench.container()
      await failToAdd(runtime, attachment)
      requireSuccess((await runtime.del([attachment]))[0])
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

/** A runtime whose ADD fails halfway, because its IPAM plugin does. */
async function failing(bench: Bench): Promise<Runtime> {
  if (!ipamOf(bench.network))
    throw new Inapplicable('no plugin of the network has an IPAM plugin, which would let ADD fail')
  const { cniPath, fail } = await watchIpam(bench)
  await fail('ADD')
  return bench.runtime(bench.network, { cniPath })
}

async function failToAdd(runtime: Runtime, attachment: Attachment): Promise<void> {
  const [outcome] = await runtime.add([attachment])
  if (!outcome?.failure) throw new Inapplicable('ADD did not fail')
}

/** The interface of the node on which a plugin builds. */
const masterOf = (plugins: readonly PluginConfig[]): string | undefined =>
  plugins.map(({ master }) => master).find(master => typeof master === 'string') as string | undefined
