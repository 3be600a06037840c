import fs from 'node:fs'
import path from 'node:path'
import type { Interface, NodeFacts } from '../../scripts/proof/facts.ts'
import { assemble, type Matrix } from '../../scripts/proof/matrix.ts'
import { podAddresses } from '../../scripts/proof/network.ts'
import { isExpected, isMeasurable, ownAddresses, type Reach } from '../../scripts/proof/reach.ts'
import { type Round, roundsOf } from '../../scripts/proof/rounds.ts'

/** Status of the nodes after a test had passed: recorded from VMs, reduced to the members that are read. */
export const recorded = (test: string): NodeFacts[] =>
  fs
    .readFileSync(path.join(import.meta.dirname, 'fixtures', `${test}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as NodeFacts)

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] }

/** A mutable namespace, for tests to break. */
export interface Broken {
  interfaces: Interface[]
  routes: Mutable<NodeFacts['routes'][number]>[]
}

export function space(network: readonly NodeFacts[], name: string): Broken {
  const found = network.flatMap(({ pods, ...own }) => [
    { ...own, name: own.node, self: own },
    ...pods.map(pod => ({ ...pod, self: pod })),
  ])
  const { self: _, ...rest } = found.find(each => each.name === name) ?? { self: undefined }
  if (!('interfaces' in rest)) throw new Error(`no ${name} in the fixture`)
  return rest as unknown as Broken
}

/** Like the kernel: an interface that goes down loses its IPv6 addresses and all its routes. */
export function takeDown(network: readonly NodeFacts[], name: string, ifname: string): void {
  const { interfaces, routes } = space(network, name)
  const index = interfaces.findIndex(device => device.ifname === ifname)
  const device = interfaces[index] as Interface
  interfaces[index] = {
    ...device,
    flags: [],
    operstate: 'DOWN',
    addr_info: device.addr_info.filter(({ family }) => family === 'inet'),
  }
  remove(routes, ({ dev }) => dev === ifname)
}

/** Removes the addresses of a family, and the routes through the interface. */
export function loseAddresses(network: readonly NodeFacts[], name: string, ifname: string, family: 'inet' | 'inet6') {
  const { interfaces, routes } = space(network, name)
  const index = interfaces.findIndex(device => device.ifname === ifname)
  const device = interfaces[index] as Interface
  interfaces[index] = { ...device, addr_info: device.addr_info.filter(info => info.family !== family) }
  const isOfFamily = ({ dst = '', gateway = '' }) =>
    dst === 'default' ? gateway.includes(':') === (family === 'inet6') : dst.includes(':') === (family === 'inet6')
  remove(routes, route => route.dev === ifname && isOfFamily(route))
}

export function remove<T>(values: T[], isGone: (value: T) => boolean): void {
  values.splice(0, values.length, ...values.filter(value => !isGone(value)))
}

export function change(network: readonly NodeFacts[], name: string, ifname: string, values: Partial<Interface>): void {
  const { interfaces } = space(network, name)
  const index = interfaces.findIndex(device => device.ifname === ifname)
  interfaces[index] = { ...(interfaces[index] as Interface), ...values }
}

/** A matrix in which all expected pairs answer except the lost ones. */
export function matrixOf(
  network: readonly NodeFacts[],
  reach: Reach,
  isLost: (from: { pod: string; node: string }, to: { pod: string; node: string; address: string }) => boolean,
): Matrix {
  const all = podAddresses(network)
  const sources = network.flatMap(({ node, pods }) => pods.map(({ name }) => ({ pod: name, node })))
  const linesOf = ({ includes }: Round, node: string) =>
    sources.flatMap(from => {
      if (from.node !== node) return []
      const own = new Set(ownAddresses(all, from).map(({ address }) => address))
      const pinged = all.filter(to => includes(from, to) && isMeasurable(reach, from, to, own))
      const answers = pinged.filter(to => isExpected(reach, from, to))
      const silent = new Set(pinged.filter(to => !isExpected(reach, from, to)).map(({ address }) => address))
      return [
        ...answers.map(to => `${from.pod} ${to.address} ${isLost(from, to) ? '6 0 - - -' : '1 1 0.1 0.1 0.1'}`),
        ...(silent.size > 0 ? [`${from.pod} ! ${silent.size}`] : []),
      ]
    })
  const rounds = roundsOf(reach, network)
  return assemble(
    network,
    reach,
    rounds.map(round => ({
      rounds: [round],
      outputs: network.map(({ node }) => ({ node, text: linesOf(round, node).join('\n') })),
    })),
  )
}
