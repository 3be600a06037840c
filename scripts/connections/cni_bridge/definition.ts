import type { TestDefinition } from '../../cases/definition.ts'
import { numberedPods } from '../../cases/test-case.ts'
import { cniSteps } from '../../cni/pods/steps.ts'

export default {
  summary: 'PODs connected by the CNI plugins bridge and host-local; every address answers',
  needs: { plugins: true, pods: { addresses: 'pool' } },
  steps: cniSteps({
    name: 'xnet',
    plugin: {
      type: 'bridge',
      isDefaultGateway: true,
      hairpinMode: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: '{{subnet4}}' }], [{ subnet: '{{subnet6}}' }]] },
    },
    titles: { configure: 'Setup CNI-bridge.', start: 'Start PODs with CNI-bridge' },
  }),
  pods: [numberedPods('workers')],
  reach: 'node',
} satisfies TestDefinition
