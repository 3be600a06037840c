import type { TestDefinition } from '../../cases/definition.ts'
import { on } from '../../cases/test-case.ts'
import { CLUSTER, outside, PODS } from './outside.ts'

export default {
  summary: 'Two isolated bridges with the same addresses; each is reachable only from its own network',
  needs: {
    nics: { 'vm-001': 4, 'vm-202': 5 },
    links: [
      { 'vm-001': 2, 'vm-202': 3 },
      { 'vm-001': 3, 'vm-202': 4 },
    ],
    pods: PODS,
  },
  forced: CLUSTER,
  steps: [
    on('vm-202', 'xnetns', 'eth3', 'eth4'),
    on('vm-001', 'xbridge', 'br2', 'eth2'),
    on('vm-001', 'xbridge', 'br3', 'eth3'),
    on('vm-001', 'xbridge_ping', 'br2'),
    on('vm-001', 'xbridge_ping', 'br3'),
  ],
  ...outside('vm-202-eth3', 'vm-202-eth4'),
} satisfies TestDefinition
