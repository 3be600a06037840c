import { netOfMac } from '../settings/mac-address.ts'
import type { Interface, NodeFacts } from './facts.ts'

/**
 * What nodes that are namespaces tell, as VMs would: their interfaces on nets are veths whose other ends are outside of the cluster, and
 * count as hardware. PODs' veths have addresses of another scheme.
 */
export const asNics = (facts: NodeFacts): NodeFacts => ({
  ...facts,
  interfaces: facts.interfaces.map(asNic),
  pods: facts.pods.map(pod => ({ ...pod, interfaces: pod.interfaces.map(asNic) })),
  ...(facts.foreign && {
    foreign: facts.foreign.map(space => ({ ...space, interfaces: space.interfaces.map(asNic) })),
  }),
})

function asNic(device: Interface): Interface {
  if (device.linkinfo?.info_kind !== 'veth' || netOfMac(device.address) === undefined) return device
  const { linkinfo: _, link: __, link_index: ___, ...nic } = device
  return nic
}
