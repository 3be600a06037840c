import type { Attached, Bench } from '../bench.ts'
import type { Network } from '../network.ts'
import { sameAddress } from '../runtime/addresses.ts'
import { describeFailure } from '../runtime/runtime.ts'
import { Inapplicable, requireThat, Unmet } from '../violation.ts'
import type { CheckCode, Checks } from './check.ts'
import { rateTo, reply } from './traffic.ts'

const declares =
  (capability: string) =>
  ({ plugins }: Network): true | string =>
    plugins.some(({ capabilities }) => capabilities?.[capability] === true) ||
    `no plugin of the network declares the capability ${capability}`

/** A check of the effect of a capability. */
const applying = (
  capability: string,
  argument: (bench: Bench) => unknown,
  requireEffect: (bench: Bench, attached: Attached, argument: unknown) => Promise<void>,
): CheckCode => ({
  applies: declares(capability),
  run: async bench => {
    // Throws Unmet if ADD fails even without the capability.
    const plain = await bench.attach(bench.runtime())
    await bench.runtime().del([plain.attachment])
    const value = await argument(bench)
    const attachment = await bench.container({ capabilityArgs: { [capability]: value } })
    const [outcome] = await bench.runtime().add([attachment])
    requireThat(outcome?.result !== undefined, `ADD with ${capability}: ${describeFailure(outcome)}`)
    await requireEffect(bench, { attachment, result: outcome.result }, value)
  },
})

const HOST_PORT = 8080
const CONTAINER_PORT = 8081
/** In bits, and bits per second. */
const RATE = 16_000_000
const BURST = 1_600_000
const BYTES = 1_500_000
/** A rate is measured with the packets' headers, and a burst may pass twice. */
const TOLERANCE = 1.5
const MAC = '02:00:00:00:00:77'
const SERVER = '192.0.2.53'
const RANGE = { subnet: '198.51.100.0/24', start: '198.51.100.' }

/** Checks of the conventional capabilities by their effects. */
export const capabilities: Checks<
  | 'ADD applies portMappings'
  | 'ADD applies bandwidth'
  | 'ADD applies ips'
  | 'ADD applies mac'
  | 'ADD applies ipRanges'
  | 'ADD applies dns'
> = {
  'ADD applies portMappings': applying(
    'portMappings',
    () => [{ hostPort: HOST_PORT, containerPort: CONTAINER_PORT, protocol: 'tcp' }],
    async (bench, { attachment }) => {
      const answered = await reply(bench, attachment.containerId, CONTAINER_PORT, HOST_PORT)
      requireThat(answered, `port ${HOST_PORT} of the node does not lead to port ${CONTAINER_PORT} of the container`)
    },
  ),
  'ADD applies bandwidth': applying(
    'bandwidth',
    () => ({ ingressRate: RATE, ingressBurst: BURST, egressRate: RATE, egressBurst: BURST }),
    async (bench, { attachment, result }) => {
      const address = ipv4Of(result)
      if (!address) throw new Inapplicable('ADD assigned no IPv4 address, over which to send')
      const rate = await rateTo(bench, attachment.containerId, address, BYTES)
      const megabits = (bits: number) => `${(bits / 1e6).toFixed(1)} Mbit/s`
      requireThat(
        rate < RATE * TOLERANCE,
        `the container receives ${megabits(rate)}, and the limit is ${megabits(RATE)}`,
      )
    },
  ),
  'ADD applies ips': applying('ips', requestedIps, async (bench, { attachment }, requested) => {
    const addresses = await bench.addressesOf(attachment)
    for (const ip of requested as readonly string[]) {
      const [wanted = ''] = ip.split('/')
      requireThat(
        addresses.some(address => sameAddress(address, wanted)),
        `the container has ${addresses.join(', ') || 'no address'}, not ${wanted}`,
      )
    }
  }),
  'ADD applies mac': applying(
    'mac',
    () => MAC,
    async (bench, { attachment }) => {
      const { links } = await bench.kernel(attachment.netns)
      const mac = links.find(({ ifname }) => ifname === attachment.ifname)?.mac
      requireThat(mac === MAC, `${attachment.ifname} has the MAC address ${mac}, not ${MAC}`)
    },
  ),
  'ADD applies ipRanges': applying(
    'ipRanges',
    () => [[{ subnet: RANGE.subnet }]],
    async (bench, { attachment }) => {
      const addresses = await bench.addressesOf(attachment)
      const isThere = addresses.some(address => address.startsWith(RANGE.start))
      requireThat(isThere, `the container has ${addresses.join(', ') || 'no address'}, none of ${RANGE.subnet}`)
    },
  ),
  'ADD applies dns': applying(
    'dns',
    () => ({ servers: [SERVER], searches: ['bench.test'] }),
    async (_, { result }) => {
      const { nameservers = [] } = result.dns ?? {}
      requireThat(
        nameservers?.includes(SERVER) === true,
        `the result has the name servers ${nameservers?.join(', ') || 'none'}`,
      )
    },
  ),
}

const ipv4Of = (result: Attached['result']): string | undefined =>
  result.ips?.map(({ address }) => address.split('/')[0]).find(address => address?.includes('.'))

/** An address beside one that the network assigns without a request, or of a documentation network. */
async function requestedIps(bench: Bench): Promise<readonly string[]> {
  try {
    const runtime = bench.runtime()
    const { attachment, result } = await bench.attach(runtime)
    const [ip] = result.ips ?? []
    await runtime.del([attachment])
    if (ip?.address.includes('.')) return [ip.address.replace(/\d+\//, '77/')]
  } catch (error) {
    if (!(error instanceof Unmet)) throw error
  }
  return ['192.0.2.77/24']
}
