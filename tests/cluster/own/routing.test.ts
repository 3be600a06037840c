import test from 'ava'
import fc from 'fast-check'
import { type Attached, type Route, routesOf } from '../../../scripts/cluster/own/routing.ts'
import { forwardingOf, topologyNames, topologyValues } from '../../../scripts/cluster/own/topologies.ts'
import { readSettings } from '../../../scripts/settings/settings.ts'

const nodesOf = (topology: string, more: Readonly<Record<string, string>> = {}): readonly Attached[] =>
  readSettings(more, {}, { below: [{ origin: 'topology', values: topologyValues(topology) ?? {} }] }).cluster.nodes

const node = (nodes: readonly Attached[], number: number) => nodes.find(each => each.number === number) as Attached

/** As `ip` writes them: `2 via 3.203 4.204`. */
const text = (routes: readonly Route[]) =>
  routes.map(({ to, via }) => `${to} via ${via.map(hop => `${hop.net}.${hop.node}`).join(' ')}`)

const routes = (topology: string, number: number, more = {}) => {
  const nodes = nodesOf(topology, more)
  return text(routesOf(node(nodes, number), nodes, forwardingOf(topology)))
}

test('workers and testers have default routes through their routers, and routers have none', t => {
  const sizes = { __nrouters: '2', __ntesters: '1' }
  t.deepEqual(routes('xnet', 1, sizes), ['default via 1.201 1.202'])
  t.deepEqual(routes('xnet', 221, sizes), ['default via 2.201 2.202'])
  t.deepEqual(routes('xnet', 201, sizes), [])
  t.deepEqual(routes('xnet', 1, { __ntesters: '1' }), [], 'without a router')
})

test('a diamond has routes through both sides, and a chain through the next router', t => {
  t.deepEqual(routes('diamond', 1), ['default via 1.201'])
  t.true(routes('diamond', 201).includes('2 via 3.203 4.204'))
  t.true(routes('diamond', 202).includes('1 via 5.203 6.204'))
  t.true(routes('diamond', 203).includes('1 via 3.201'))
  t.true(routes('multihop', 202).includes('2 via 4.203'))
  t.true(routes('multihop', 201).includes('2 via 3.202'))
})

test('keeps separate paths separate, also when a tester forwards', t => {
  t.deepEqual(routes('dual-path', 1), ['default via 1.201', '5 via 4.202', '6 via 4.202'])
  t.true(routes('dual-path', 221).includes('4 via 6.204'))
  t.deepEqual(routes('evil_tester', 221), ['default via 2.222'])
  t.true(routes('evil_tester', 201).includes('2 via 3.222'))
  t.deepEqual(routes('zones', 10, { __nvm: '10' }), ['default via 3.201'])
})

/** Whether a packet gets from a node to a net, whatever router takes it at each hop. */
function arrives(
  nodes: readonly Attached[],
  from: Attached,
  net: number,
  forwarding: readonly number[],
  hops = 0,
): boolean {
  if (from.nets.includes(net)) return true
  if (hops > nodes.length) return false
  const own = routesOf(from, nodes, forwarding)
  const route = own.find(({ to }) => to === net) ?? own.find(({ to }) => to === 'default')
  return route?.via.every(hop => arrives(nodes, node(nodes, hop.node), net, forwarding, hops + 1)) ?? false
}

test('routes between all workers and testers of every topology, without loops', t => {
  for (const topology of topologyNames()) {
    const nodes = nodesOf(topology, { __nvm: '2', __ntesters: '2', ...(topology === 'xnet' && { __nrouters: '1' }) })
    for (const from of nodes.filter(({ role }) => role !== 'router')) {
      const role = from.role === 'worker' ? 'tester' : 'worker'
      const nets = nodes.filter(other => other.role === role).flatMap(other => other.nets.slice(1))
      const reached = nets.some(net => arrives(nodes, from, net, forwardingOf(topology)))
      t.true(reached, `${topology}: ${from.number} to the ${role}s`)
    }
  }
})

test('creates no loop for random nets', t => {
  const nets = fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(fc.array(nets, { minLength: 1, maxLength: 6 }), nets, (routers, own) => {
      const nodes: Attached[] = [
        { number: 1, role: 'worker', nets: [0, ...own] },
        ...routers.map(
          (attached, index): Attached => ({ number: 201 + index, role: 'router', nets: [0, ...attached] }),
        ),
      ]
      for (const from of nodes.slice(1)) {
        for (const { to } of routesOf(from, nodes)) if (to !== 'default') t.true(arrives(nodes, from, to, []))
      }
    }),
  )
})
