import { Argument } from 'commander'
import { completedBy } from './completion/source.ts'
import { targets } from './completion/sources.ts'

/** The argument of commands on one node or POD. */
export const targetArgument = (): Argument =>
  completedBy(new Argument('<target>', 'a node (vm-002) or a POD (vm-002-ns03)'), targets)
