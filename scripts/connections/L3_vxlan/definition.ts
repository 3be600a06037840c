import { onWorkers } from '../../cases/test-case.ts'
import { routed } from '../L3/routed.ts'

export default routed('PODs of all VMs through VXLAN between the VMs', onWorkers('setup_overlay', '--type=vxlan'), {
  kinds: ['vxlan'],
})
