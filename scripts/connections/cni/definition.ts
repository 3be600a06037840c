import type { TestDefinition } from '../../cases/definition.ts'

export default {
  summary: 'A CNI network of your own (--conf): conformance to the specification, and its PODs on all nodes',
  needs: { plugins: true, configuration: true, pods: { addresses: 'pool' } },
  // By default, as many nodes as the cluster has.
  parameters: { nodes: '' },
  forced: { __nvm: '{{nodes}}' },
  // A suite takes longer than a step of other tests.
  cluster: { __timeout: '300' },
  steps: [],
  complete: async request => (await import('../../cni/test/complete.ts')).completeCniTest(request),
} satisfies TestDefinition
