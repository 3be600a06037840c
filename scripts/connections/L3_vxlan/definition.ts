import type { TestDefinition } from '../../cases/definition.ts'
import { onWorkers } from '../../cases/test-case.ts'
import { routed } from '../L3/routed.ts'

export default {
  ...routed('PODs of all nodes, connected by VXLAN between the nodes', onWorkers('setup_overlay', '--type=vxlan'), {
    kinds: ['vxlan'],
  }),
  measuresPathMtu: true,
} satisfies TestDefinition
