import test from 'ava'
import fc from 'fast-check'
import { Address4, Address6 } from 'ip-address'
import type { NodeFacts, Route } from '../../scripts/proof/facts.ts'
import type { PodAddress } from '../../scripts/proof/network.ts'
import { countRouted } from '../../scripts/proof/routes.ts'

const node = (...pods: (readonly Route[])[]): NodeFacts => ({
  node: 'vm-001',
  interfaces: [],
  routes: [{ dst: 'default' }],
  pods: pods.map((routes, index) => ({ name: `vm-001-ns0${index + 1}`, interfaces: [], routes })),
})
const addresses = (...all: string[]): readonly PodAddress[] =>
  all.map(address => ({ pod: '', node: '', interface: 'eth0', address, family: address.includes(':') ? 6 : 4 }))

const OWN = [{ dst: '172.16.1.0/24' }, { dst: '172.16.1.1' }, { dst: '1000::1:ac10:100/120' }, { dst: 'ff00::/8' }]

test('counts addresses that a POD has a route to; routes of the node do not matter', t => {
  const pinged = addresses('172.16.1.2', '172.16.2.1', '1000::1:ac10:102', '1000::1:ac10:201')
  t.is(countRouted(node(OWN), pinged, 16), 2)
  t.is(countRouted(node(OWN, [{ dst: '172.16.2.1' }]), pinged, 16), 3)
  t.is(countRouted(node(OWN), pinged, 1), 1)
  t.is(countRouted(node([]), pinged, 16), 0)
})

test('counts all addresses with a default route or an unclear one', t => {
  const pinged = addresses('172.16.2.1', '1000::1:ac10:201')
  for (const route of [{ dst: 'default' }, { dst: '10.0.0.0/8', encap: 'ip6' }, { dst: 'nowhere' }, {}])
    t.is(countRouted(node(OWN, [route]), pinged, 16), 2, JSON.stringify(route))
})

const v4 = fc.ipV4()
const v6 = fc.ipV6().filter(address => Address6.isValid(address) && !address.includes('.'))
const prefix = fc.oneof(fc.tuple(v4, fc.integer({ min: 0, max: 32 })), fc.tuple(v6, fc.integer({ min: 0, max: 128 })))
const isIn = (address: string, [net, length]: readonly [string, number]) => {
  if (address.includes(':') !== net.includes(':')) return false
  return address.includes(':')
    ? new Address6(address).isInSubnet(new Address6(`${net}/${length}`))
    : new Address4(address).isInSubnet(new Address4(`${net}/${length}`))
}

test('counts an address inside the prefix of a route', t => {
  fc.assert(
    fc.property(fc.array(prefix, { maxLength: 4 }), fc.array(fc.oneof(v4, v6), { maxLength: 6 }), (nets, pinged) => {
      const routes = nets.map(([net, length]) => ({ dst: `${net}/${length}` }))
      const expected = pinged.filter(address => nets.some(net => isIn(address, net))).length
      t.is(countRouted(node(routes), addresses(...pinged), 100), expected)
    }),
  )
})
