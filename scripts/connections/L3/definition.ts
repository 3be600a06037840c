import { onWorkers } from '../../cases/test-case.ts'
import { routed } from './routed.ts'

export default routed('PODs of all nodes, connected by routes between the nodes', onWorkers('setup_routes'))
