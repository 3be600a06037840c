import { on, type TestDefinition } from '../../cases/test-case.ts'

export default {
  summary: 'The VMs come up and can be logged in to; they are left running',
  needs: {},
  keepsCluster: true,
  steps: [on('vm-001', 'version')],
} satisfies TestDefinition
