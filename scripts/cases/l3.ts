import { type Needs, numberedPods, on, onWorkers, type TestCase } from './test-case.ts'

/** PODs on a bridge in each VM, whose default route leads to the VM; how the VMs are joined is the test's own. */
const routed = (name: string, summary: string, joining: ReturnType<typeof onWorkers>, needs: Needs = {}): TestCase => ({
  name,
  file: import.meta.filename,
  summary,
  needs: { nics: { workers: 2 }, net: 1, pods: { addresses: 'node', rndadr: 'no', veth: true }, ...needs },
  steps: [
    onWorkers('forward'),
    onWorkers('create_with_addresses'),
    onWorkers('linux_bridge'),
    onWorkers('default_route'),
    joining,
    on('vm-001', 'ping_all_pods'),
  ],
  pods: [numberedPods('workers')],
  reach: 'all',
})

export const l3 = routed('L3', 'PODs of all VMs by routes between the VMs', onWorkers('setup_routes'))

export const l3Overlay = routed(
  'L3_overlay',
  'PODs of all VMs through IPv6 tunnels between the VMs',
  onWorkers('setup_overlay'),
  { kinds: ['ip6tnl'] },
)

export const l3Vxlan = routed(
  'L3_vxlan',
  'PODs of all VMs through VXLAN between the VMs',
  onWorkers('setup_overlay', '--type=vxlan'),
  { kinds: ['vxlan'] },
)
