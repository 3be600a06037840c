import type { TestDefinition } from '../../cases/definition.ts'
import { numberedPods, onWorkers } from '../../cases/test-case.ts'

export default {
  summary: 'PODs connected by the CNI plugins bridge and host-local; every address answers',
  needs: { plugins: true, pods: { addresses: 'pool' } },
  steps: [onWorkers('cni_bridge_configure'), onWorkers('cni_bridge_start'), onWorkers('cni_bridge_ping')],
  pods: [numberedPods('workers')],
  reach: 'node',
} satisfies TestDefinition
