import type { TestDefinition } from '../../cases/definition.ts'
import { namedPods, numberedPods } from '../../cases/test-case.ts'

/** One VM with two bridges, and a router with an interface and a namespace on each: the steps name these nodes. */
export const CLUSTER = { TOPOLOGY: 'multilan-router', __nvm: '1', __nrouters: '2' } as const

export const PODS = { addresses: 'bridges', veth: true, prefixes: ['br2-', 'br3-'] } as const

/** The PODs of each bridge, and the namespace outside that each bridge reaches. */
export const outside = (ofBr2: string, ofBr3: string): Pick<TestDefinition, 'pods' | 'reach'> => ({
  pods: [numberedPods('vm-001', 'br2-'), numberedPods('vm-001', 'br3-'), namedPods('vm-202', ofBr2, ofBr3)],
  reach: {
    sides: [
      ['br2-*', ofBr2],
      ['br3-*', ofBr3],
    ],
  },
})
