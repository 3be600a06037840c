import type { TestDefinition } from '../../cases/definition.ts'
import { type Needs, numberedPods, on, onWorkers, type Step } from '../../cases/test-case.ts'

/**
 * PODs on a bridge in each VM, with the VM as their default gateway.
 * @param joining the step that joins the VMs
 */
export const routed = (summary: string, joining: Step, needs: Needs = {}): TestDefinition => ({
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
