import type { TestDefinition } from '../../cases/definition.ts'
import { on } from '../../cases/test-case.ts'
import { CLUSTER, outside, PODS } from '../dual_bridges/outside.ts'

export default {
  summary: 'Two isolated bridges with the same addresses, on two VLANs of one network',
  needs: { nics: { 'vm-001': 3, 'vm-202': 4 }, links: [{ 'vm-001': 2, 'vm-202': 3 }], kinds: ['vlan'], pods: PODS },
  forced: CLUSTER,
  steps: [
    on('vm-202', 'create_vlans', 'eth3.100', 'eth3.200'),
    on('vm-202', 'xnetns', 'eth3.100', 'eth3.200'),
    on('vm-001', 'create_vlans', 'eth2.100', 'eth2.200'),
    on('vm-001', 'xbridge', 'br2', 'eth2.100'),
    on('vm-001', 'xbridge', 'br3', 'eth2.200'),
    on('vm-001', 'xbridge_ping', 'br2'),
    on('vm-001', 'xbridge_ping', 'br3'),
  ],
  ...outside('vm-202-eth3.100', 'vm-202-eth3.200'),
} satisfies TestDefinition
