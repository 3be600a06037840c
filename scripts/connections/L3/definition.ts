import { onWorkers } from '../../cases/test-case.ts'
import { routed } from './routed.ts'

export default routed('PODs of all VMs by routes between the VMs', onWorkers('setup_routes'))
