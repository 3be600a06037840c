import { numberedPods, onWorkers, type TestCase } from './test-case.ts'

export const cniBridge: TestCase = {
  name: 'cni_bridge',
  file: import.meta.filename,
  summary: 'PODs connected by the CNI plugins bridge and host-local, all addresses answer',
  needs: { plugins: true, pods: { addresses: 'pool' } },
  steps: [onWorkers('cni_bridge_configure'), onWorkers('cni_bridge_start'), onWorkers('cni_bridge_ping')],
  pods: [numberedPods('workers')],
  reach: 'node',
}
