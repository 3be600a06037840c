import type { TestDefinition } from '../../cases/definition.ts'
import { numberedPods, onWorkers } from '../../cases/test-case.ts'

export default {
  summary: 'PODs on a Linux bridge on each node; every address answers',
  needs: { pods: { addresses: 'node', veth: true } },
  steps: [onWorkers('create_with_addresses'), onWorkers('linux_bridge'), onWorkers('bridge_ping')],
  pods: [numberedPods('workers')],
  reach: 'node',
} satisfies TestDefinition
