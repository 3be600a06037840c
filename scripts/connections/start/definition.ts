import type { TestDefinition } from '../../cases/definition.ts'
import { on } from '../../cases/test-case.ts'

export default {
  summary: 'The nodes start and accept logins; they are left running',
  needs: {},
  keepsCluster: true,
  steps: [on('vm-001', 'version')],
} satisfies TestDefinition
