import type { TestDefinition } from '../../cases/definition.ts'
import { numberedPods } from '../../cases/test-case.ts'
import { cniSteps } from '../../cni/pods/steps.ts'

export default {
  summary: 'PODs connected by the CNI plugin ptp: a veth pair and a route for each POD, no bridge',
  needs: { plugins: true, pods: { addresses: 'pool' } },
  steps: cniSteps({
    name: 'xptp',
    plugin: {
      type: 'ptp',
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: '{{subnet4}}' }], [{ subnet: '{{subnet6}}' }]],
        routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
      },
    },
    titles: { configure: 'Configure the CNI plugin ptp', start: 'Connect PODs by the CNI plugin ptp' },
    // Every ADD of ptp turns it on. Where several do so at once, and another namespace holds the kernel's rtnl lock
    // meanwhile, Linux can take the value for written without telling the interfaces (devinet_sysctl_forward restores
    // and writes it without a lock).
    before: 'echo 1 >/proc/sys/net/ipv4/ip_forward',
  }),
  pods: [numberedPods('workers')],
  reach: 'node',
} satisfies TestDefinition
