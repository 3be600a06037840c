import type { TestDefinition } from '../../cases/definition.ts'
import { numberedPods, on, onWorkers } from '../../cases/test-case.ts'

/** PODs directly on eth1, without bridge and veth. */
export const direct = (kind: 'ipvlan' | 'macvlan'): TestDefinition => ({
  summary: `PODs of all nodes on eth1 by ${kind}, random addresses`,
  needs: { nics: { workers: 2 }, links: [{ workers: 1 }], kinds: [kind], pods: { addresses: 'random' } },
  cluster: { xcluster_RNDADR: 'yes' },
  steps: [onWorkers('create'), onWorkers(kind), on('vm-001', 'ping_all_random')],
  pods: [numberedPods('workers')],
  reach: 'all',
})
