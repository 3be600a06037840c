import { numberedPods, on, onWorkers, type TestCase } from './test-case.ts'

/** PODs straight on eth1, without bridge and veth. */
const direct = (kind: 'ipvlan' | 'macvlan'): TestCase => ({
  name: kind,
  file: import.meta.filename,
  summary: `PODs of all VMs on eth1 by ${kind}, random addresses`,
  needs: { nics: { workers: 2 }, links: [{ workers: 1 }], kinds: [kind], pods: { addresses: 'random' } },
  cluster: { xcluster_RNDADR: 'yes' },
  steps: [onWorkers('create'), onWorkers(kind), on('vm-001', 'ping_all_random')],
  pods: [numberedPods('workers')],
  reach: 'all',
})

export const ipvlan = direct('ipvlan')
export const macvlan = direct('macvlan')
