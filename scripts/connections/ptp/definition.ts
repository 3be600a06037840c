import type { TestDefinition } from '../../cases/definition.ts'
import { numberedPods, onWorkers } from '../../cases/test-case.ts'

export default {
  summary: 'PODs connected by the CNI plugin ptp: a veth pair and a route for each POD, no bridge',
  needs: { plugins: true, pods: { addresses: 'pool' } },
  steps: [onWorkers('cni_ptp_configure'), onWorkers('cni_ptp_start'), onWorkers('cni_ptp_ping')],
  pods: [numberedPods('workers')],
  reach: 'node',
} satisfies TestDefinition
