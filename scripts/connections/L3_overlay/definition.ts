import type { TestDefinition } from '../../cases/definition.ts'
import { onWorkers } from '../../cases/test-case.ts'
import { routed } from '../L3/routed.ts'

export default {
  ...routed('PODs of all nodes, connected by IPv6 tunnels between the nodes', onWorkers('setup_overlay'), {
    kinds: ['ip6tnl'],
  }),
  measuresPathMtu: true,
} satisfies TestDefinition
