import type { TestDefinition } from '../../cases/definition.ts'
import { numberedPods, on, onWorkers } from '../../cases/test-case.ts'

export default {
  summary: 'PODs of all nodes on one Ethernet: bridges joined by eth1, random addresses',
  needs: {
    nics: { workers: 2 },
    links: [{ workers: 1 }],
    pods: { addresses: 'random', rndadr: 'yes', veth: true },
  },
  cluster: { xcluster_RNDADR: 'yes' },
  steps: [
    onWorkers('create_with_addresses'),
    onWorkers('linux_bridge'),
    onWorkers('attach_eth_to_bridge'),
    on('vm-001', 'ping_all_random'),
  ],
  pods: [numberedPods('workers')],
  reach: 'all',
} satisfies TestDefinition
