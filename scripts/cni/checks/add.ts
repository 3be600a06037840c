import type { Attached, Bench } from '../bench.ts'
import { watchIpam } from '../ipam.ts'
import type { KernelFacts } from '../kernel.ts'
import { sameAddress, samePrefix } from '../runtime/addresses.ts'
import type { Call } from '../runtime/answer.ts'
import type { Attachment } from '../runtime/derive.ts'
import { describeFailure } from '../runtime/runtime.ts'
import { requireThat, Violation } from '../violation.ts'
import { always, type CheckCode, type Checks, createsInterface, needsIpam } from './check.ts'
import { attachFirst, leavesNothing } from './leftovers.ts'
import { requireFailure } from './outcomes.ts'
import { exhaustible, shrunk } from './pool.ts'

/** A check of the result of a successful ADD. */
const ofResult = (check: (attached: Attached, bench: Bench) => void | Promise<void>): CheckCode => ({
  applies: always,
  run: async bench => await check(await bench.attach(bench.runtime()), bench),
})

/** Checks of ADD. */
export const add: Checks<
  | 'ADD succeeds'
  | 'ADD returns cniVersion'
  | 'ADD returns the sandbox'
  | 'ADD returns valid interface indexes'
  | 'ADD returns the interfaces of the kernel'
  | 'ADD returns the addresses of the kernel'
  | 'ADD returns the routes of the kernel'
  | 'ADD sets the MTU'
  | 'ADD with an existing ifname'
  | 'ADD with an existing ifname: the first attachment stays'
  | 'ADD passes on prevResult'
  | 'ADD when IPAM fails'
  | 'ADD when IPAM fails: leaves nothing'
  | 'ADD with an exhausted pool: leaves nothing'
> = {
  'ADD succeeds': {
    applies: always,
    run: async bench => {
      const [outcome] = await bench.runtime().add([await bench.container()])
      requireThat(outcome?.result !== undefined, describeFailure(outcome))
    },
  },
  'ADD returns cniVersion': ofResult(({ result }, { network: { cniVersion } }) =>
    requireThat(result.cniVersion === cniVersion, `the result has cniVersion ${result.cniVersion ?? 'none'}`),
  ),
  'ADD returns the sandbox': ofResult(({ result, attachment: { netns, ifname } }) => {
    const inside = result.interfaces?.filter(({ sandbox }) => sandbox) ?? []
    const wrong = inside.find(({ sandbox }) => sandbox !== netns)
    requireThat(!wrong, `${wrong?.name} has the sandbox ${wrong?.sandbox}, not ${netns}`)
    const isThere = inside.some(({ name }) => name === ifname)
    requireThat(isThere, `the result has no interface ${ifname} with a sandbox`)
  }),
  'ADD returns valid interface indexes': ofResult(({ result: { interfaces = [], ips = [] } }) => {
    for (const { address, interface: index } of ips ?? []) {
      requireThat(index != null, `the address ${address} has no interface`)
      requireThat(interfaces?.[index] !== undefined, `the address ${address} has interface ${index}, which is missing`)
    }
  }),
  'ADD returns the interfaces of the kernel': ofResult(async ({ result, attachment }, bench) => {
    const [container, node] = [await bench.kernel(attachment.netns), await bench.kernel('')]
    for (const { name, mac, sandbox } of result.interfaces ?? []) {
      const link = (sandbox ? container : node).links.find(({ ifname }) => ifname === name)
      requireThat(link !== undefined, `there is no interface ${name} ${sandbox ? `in ${sandbox}` : 'on the node'}`)
      const isSame = !mac || mac.toLowerCase() === link.mac.toLowerCase()
      requireThat(isSame, `${name} has the MAC address ${link.mac}, not ${mac}`)
    }
  }),
  'ADD returns the addresses of the kernel': ofResult(async ({ result, attachment }, bench) => {
    const [container, node] = [await bench.kernel(attachment.netns), await bench.kernel('')]
    for (const { address, interface: index } of result.ips ?? []) {
      const { name = attachment.ifname, sandbox = '' } = result.interfaces?.[index ?? -1] ?? { sandbox: 'x' }
      const link = (sandbox ? container : node).links.find(({ ifname }) => ifname === name)
      const found = link?.addresses ?? []
      const isThere = found.some(each => samePrefix(each, address))
      requireThat(isThere, `${name} has ${found.join(', ') || 'no address'}, not ${address}`)
    }
    const own = container.links.find(({ ifname }) => ifname === attachment.ifname)?.addresses ?? []
    const more = own.find(each => attachment.ifname !== 'lo' && !result.ips?.some(ip => samePrefix(ip.address, each)))
    requireThat(more === undefined, `${attachment.ifname} has ${more}, which the result does not have`)
  }),
  'ADD returns the routes of the kernel': ofResult(async ({ result, attachment }, bench) => {
    const { routes } = await bench.kernel(attachment.netns)
    for (const { dst, gw } of result.routes ?? []) {
      const same = routes.filter(route => samePrefix(route.dst, dst))
      requireThat(same.length > 0, `the container has no route to ${dst}`)
      const isSame = !gw || same.some(({ gateway }) => gateway !== undefined && sameAddress(gateway, gw))
      requireThat(isSame, `the route to ${dst} leads to ${same[0]?.gateway ?? 'no gateway'}, not to ${gw}`)
    }
  }),
  'ADD sets the MTU': {
    applies: ({ plugins }) => plugins.some(({ mtu }) => Number(mtu) > 0) || 'the network has no MTU',
    run: async bench => {
      const { attachment, result } = await bench.attach(bench.runtime())
      const { links } = await bench.kernel(attachment.netns)
      const wanted = Number(bench.network.plugins.findLast(({ mtu }) => Number(mtu) > 0)?.mtu)
      const found = links.find(({ ifname }) => ifname === attachment.ifname)?.mtu
      requireThat(found === wanted, `${attachment.ifname} has an MTU of ${found}, not of ${wanted}`)
      const reported = result.interfaces?.find(({ name, sandbox }) => sandbox && name === attachment.ifname)?.mtu
      requireThat(
        reported == null || reported === found,
        `the result has an MTU of ${reported}, and ${attachment.ifname} of ${found}`,
      )
    },
  },
  'ADD with an existing ifname': {
    applies: createsInterface,
    run: async bench => {
      const { attachment } = await bench.attach(bench.runtime())
      const { plugin, answer, end } = await callFirst(bench, {
        ...attachment,
        containerId: `${attachment.containerId}-again`,
      })
      requireThat(!answer.ok, `the plugin ${plugin} succeeded, and the container has ${attachment.ifname}`)
      requireThat(end.status !== undefined, `the plugin ${plugin} ${answer.why}`)
    },
  },
  'ADD with an existing ifname: the first attachment stays': {
    applies: createsInterface,
    run: async bench => {
      const { attachment } = await bench.attach(bench.runtime())
      const before = await bench.kernel(attachment.netns)
      const other = { ...attachment, containerId: `${attachment.containerId}-again` }
      await callFirst(bench, other)
      // A runtime calls DEL after a failed ADD, but of the same container, which would end the first attachment.
      const after = await bench.kernel(attachment.netns)
      requireThat(textOf(before) === textOf(after), 'the second ADD changed the first attachment')
    },
  },
  'ADD passes on prevResult': {
    applies: ({ plugins }) => plugins.length > 1 || 'the network has one plugin, which gets no prevResult',
    run: async bench => {
      const [outcome] = await bench.runtime().add([await bench.container()])
      for (const { plugin, answer, input } of outcome?.calls ?? []) {
        const { prevResult } = JSON.parse(input)
        if (!prevResult) continue
        if (!answer.ok) throw new Violation(`the plugin ${plugin} ${answer.why}`)
        const ips = answer.result?.ips ?? []
        const lost = prevResult.ips?.find(({ address }: { address: string }) => !ips.some(ip => ip.address === address))
        requireThat(!lost, `the plugin ${plugin} does not return ${lost?.address} of prevResult`)
        const names = answer.result?.interfaces?.map(({ name }) => name) ?? []
        const gone = prevResult.interfaces?.find(({ name }: { name: string }) => !names.includes(name))
        requireThat(!gone, `the plugin ${plugin} does not return the interface ${gone?.name} of prevResult`)
      }
    },
  },
  'ADD when IPAM fails': {
    applies: needsIpam,
    run: async bench => {
      const { cniPath, fail } = await watchIpam(bench)
      const runtime = bench.runtime(bench.network, { cniPath })
      const { attachment } = await bench.attach(runtime)
      await runtime.del([attachment])
      await fail('ADD')
      const [outcome] = await runtime.add([await bench.container()])
      requireFailure(outcome, 'ADD succeeded, and its IPAM plugin had failed')
    },
  },
  'ADD when IPAM fails: leaves nothing': {
    applies: needsIpam,
    run: async bench => {
      const { cniPath, fail } = await watchIpam(bench)
      await fail('ADD')
      await attachFirst(bench)
      const attachment = await bench.container()
      await leavesNothing(bench, [attachment], 'a failed ADD', async () => {
        await bench.runtime(bench.network, { cniPath }).add([attachment])
      })
    },
  },
  'ADD with an exhausted pool: leaves nothing': {
    applies: exhaustible,
    run: async bench => {
      const runtime = bench.runtime(shrunk(bench.network))
      await bench.attach(runtime)
      const attachment = await bench.container()
      await leavesNothing(bench, [attachment], 'a failed ADD', async () => {
        const [outcome] = await runtime.add([attachment])
        requireFailure(outcome, 'ADD succeeded, and no address was free')
      })
    },
  },
}

/** Calls ADD of the first plugin: the others adjust what it created. */
async function callFirst(bench: Bench, attachment: Attachment): Promise<Call> {
  const [plugin] = bench.network.plugins
  if (!plugin) throw new Error('a network has a plugin')
  return await bench.runtime().call('ADD', plugin, attachment)
}

const textOf = ({ links, routes }: KernelFacts): string => JSON.stringify([links, routes])
