import { netOfMac } from '../settings/mac-address.ts'
import type { Interface, NodeFacts } from './facts.ts'

/**
 * Presents interfaces of namespace nodes on the nets between nodes as NICs, as in VMs: they are veths whose peers are
 * outside the cluster. MAC addresses tell them from the veths of PODs.
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
