import type { PodNeeds, TestCase } from '../cases/test-case.ts'
import { usageFailure } from '../errors/failure.ts'
import { nodeNetwork } from '../settings/addressing.ts'
import { LONGEST_INTERFACE_NAME } from '../settings/interface-name.ts'
import { formatNetwork, networkOfNet, overlap, specialUse } from '../settings/networks.ts'
import type { NodePlan } from '../settings/nodes.ts'
import { EXTERNAL_HOST } from '../settings/pod-facts.ts'
import type { Settings } from '../settings/settings.ts'

/** Addresses in /etc/rnd-addresses. */
const RANDOM_NUMBERS = 254
/** Linux' limit for hostnames. */
const LONGEST_HOSTNAME = 64

interface Facts {
  readonly test: TestCase
  readonly settings: Settings
  readonly workers: readonly NodePlan[]
  readonly podsPerNode: number
  /** Source of their addresses, after RNDADR is applied. */
  readonly addresses: PodNeeds['addresses']
  /** Host bits of a node's network. */
  readonly hostBits: number
  readonly template: string
  readonly longestName: string
}

type Misfit = readonly [why: string, hint: string]

/** Applied in order; a rule returns undefined if the PODs fit. */
const RULES: readonly ((facts: Facts, pods: PodNeeds) => Misfit | undefined)[] = [
  ({ settings }, { rndadr }) => {
    const given = settings.guestEnvironment.RNDADR ?? 'no'
    if (rndadr === undefined || (rndadr === 'yes') === (given === 'yes')) return undefined
    const wants = rndadr === 'yes' ? 'random addresses' : "addresses of their node's network"
    return [`xcluster_RNDADR=${given}: its PODs have ${wants}`, `xcluster_RNDADR=${rndadr}`]
  },
  ({ settings, test }) => {
    const fallback = 'ip6tnl0'
    if (!test.needs.kinds?.includes('ip6tnl') || settings.addressing.podInterface !== fallback) return undefined
    return [`xcluster_PODIF=${fallback}: the kernel creates an interface of this name in each POD`, 'for example eth0']
  },
  ({ settings, test, workers, podsPerNode }) => {
    const { BR: bridge } = settings.guestEnvironment
    if (bridge === undefined || !test.steps.some(({ name }) => name === 'linux_bridge')) return undefined
    const nic = /^eth(\d+)$/.exec(bridge)
    const isNic = nic !== null && workers.some(({ nets }) => Number(nic[1]) < nets.length)
    const pod = /^(.*)vm-(\d{3})-ns(\d{2,3})$/.exec(bridge)
    const isPod =
      pod?.[1] === settings.addressing.namePrefix &&
      workers.some(({ number }) => number === Number(pod[2])) &&
      Number(pod[3]) <= podsPerNode
    if (!isNic && !isPod) return undefined
    return [`xcluster_BR=${bridge}: is another interface of the nodes, not a bridge`, 'for example br0']
  },
  ({ longestName, settings }, { veth, prefixes }) => {
    const isInterface = veth || settings.addressing.podInterface === 'hostname'
    const most = isInterface ? LONGEST_INTERFACE_NAME : LONGEST_HOSTNAME
    if (longestName.length <= most) return undefined
    const what = isInterface ? 'an interface' : 'a hostname'
    const why = `a POD would be named ${longestName}: ${longestName.length} characters; ${what} has at most ${most}`
    return [
      why,
      prefixes ? 'at most 99 PODs (xcluster_NPODS)' : 'shorten xcluster_NAME_PREFIX, or lower xcluster_NPODS to 99',
    ]
  },
  ({ addresses, workers, settings, template }) => {
    const { network, inner } = settings.addressing.template
    const numbers = 2 ** (inner - network.length)
    const highest = workers.at(-1)?.number ?? 0
    if (!['node', 'pool'].includes(addresses) || highest < numbers) return undefined
    const why = `${template} has networks for nodes up to ${numbers - 1}, but the highest is ${highest}`
    return [why, 'lower the first length, or --nvm']
  },
  ({ addresses, hostBits, podsPerNode, template }) => {
    const hosts = 2 ** hostBits - 2
    if (addresses === 'random') return undefined
    const free = Math.max(0, addresses === 'pool' ? hosts - 1 : hosts)
    if (podsPerNode <= free) return undefined
    const gateway = addresses === 'pool' ? ' (excluding the gateway)' : ''
    const room = `${free} address${free === 1 ? '' : 'es'}`
    const why = `${template} has ${room} for the PODs of a node${gateway}, but xcluster_NPODS is ${podsPerNode}`
    return [why, 'lower the second length, or xcluster_NPODS']
  },
  ({ addresses, hostBits, podsPerNode, template }) => {
    if (addresses !== 'bridges') return undefined
    if (podsPerNode >= EXTERNAL_HOST)
      return [
        `xcluster_NPODS=${podsPerNode}: number ${EXTERNAL_HOST} is the external host`,
        `at most ${EXTERNAL_HOST - 1} PODs`,
      ]
    if (2 ** hostBits - 2 >= EXTERNAL_HOST) return undefined
    return [`${template} has no host ${EXTERNAL_HOST}, which is the external host`, 'a second length of at most 25']
  },
  ({ addresses, hostBits, podsPerNode, workers, template }) => {
    if (addresses !== 'random') return undefined
    if (hostBits < 8) {
      const hosts = Math.max(0, 2 ** hostBits - 2)
      const why = `${template} has ${hosts} hosts, but random addresses use host numbers up to 254`
      return [why, 'a second length of at most 24']
    }
    const free = hostBits === 8 ? RANDOM_NUMBERS : 2 ** hostBits - 2
    const needed = workers.length * (podsPerNode + 1)
    if (needed <= free) return undefined
    const all = `${workers.length} nodes with ${podsPerNode} PODs`
    const why = `${all} need ${needed} random addresses, but ${template} has ${free}`
    return [why, 'lower --nvm or xcluster_NPODS, or use a shorter second length, as in 10.0.0.0/8/16']
  },
  facts => {
    for (const { number, network } of networksOf(facts)) {
      const special = specialUse(network, 'any')
      const whose = number === 0 ? 'its network 0' : `its network ${number}`
      if (special) return [`${facts.template}: ${whose}, ${formatNetwork(network)}, is ${special}`, HINT]
    }
    return undefined
  },
  facts => {
    // PODs on two bridges cannot collide: the node has no address there.
    if (facts.addresses === 'bridges') return undefined
    const { test, workers } = facts
    const all = [...new Set(workers.flatMap(({ nets }) => nets))]
    for (const { number, network } of networksOf(facts)) {
      // With routes, a node reaches the PODs of all nodes; otherwise only its own.
      const own =
        number === 0 || test.reach === 'all' ? all : (workers.find(node => node.number === number)?.nets ?? [])
      const net = own.find(each => overlap(networkOfNet(each), network))
      if (net === undefined) continue
      const whose = number === 0 ? 'of the PODs' : `of the PODs of node ${number}`
      const nodes = `${formatNetwork(networkOfNet(net))}, which the nodes have on net ${net}`
      return [`${facts.template}: the network ${whose}, ${formatNetwork(network)}, overlaps ${nodes}`, HINT]
    }
    return undefined
  },
]

const HINT = 'for example 172.16.0.0/16/24 or 10.0.0.0/8/24'

/** The networks of a test's PODs, by number. */
function networksOf({ addresses, workers, settings }: Facts) {
  const numbers = ['random', 'bridges'].includes(addresses) ? [0] : workers.map(({ number }) => number)
  return numbers.map(number => ({ number, network: nodeNetwork(settings.addressing.template, number) }))
}

/**
 * Checks that a test's PODs fit into their names, the template and the random addresses.
 * @throws Failure PODS_DO_NOT_FIT (exit 2)
 */
export function checkPods(test: TestCase, settings: Settings): void {
  const { pods } = test.needs
  if (!pods) return
  const { podsPerNode, template, namePrefix } = settings.addressing
  const isRandom = pods.addresses === 'node' && settings.guestEnvironment.RNDADR === 'yes'
  const prefix = pods.prefixes?.[0] ?? namePrefix
  const facts: Facts = {
    test,
    settings,
    workers: settings.cluster.nodes.filter(({ role }) => role === 'worker'),
    podsPerNode,
    addresses: isRandom ? 'random' : pods.addresses,
    hostBits: 32 - template.inner,
    template: `xcluster_ADRTEMPLATE=${template.text}`,
    longestName: `${prefix}vm-001-ns${String(podsPerNode).padStart(2, '0')}`,
  }
  for (const rule of RULES) {
    const [why, hint] = rule(facts, pods) ?? []
    if (why) throw usageFailure('PODS_DO_NOT_FIT', `${test.name}: ${why}`, { hint })
  }
}
