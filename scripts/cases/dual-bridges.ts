import { namedPods, numberedPods, on, type TestCase } from './test-case.ts'

/** One VM with two bridges, and a router that has an interface and a namespace on each: the steps name these nodes. */
const CLUSTER = { TOPOLOGY: 'multilan-router', __nvm: '1', __nrouters: '2' } as const

/** What the matrix shows with its static neighbour entries, here without them. */
const PINGS = [on('vm-001', 'xbridge_ping', 'br2'), on('vm-001', 'xbridge_ping', 'br3')]

const PODS = { addresses: 'bridges', veth: true, prefixes: ['br2-', 'br3-'] } as const

/** The PODs of each bridge, and the namespace that it meets outside. */
const outside = (ofBr2: string, ofBr3: string): Pick<TestCase, 'pods' | 'reach'> => ({
  pods: [numberedPods('vm-001', 'br2-'), numberedPods('vm-001', 'br3-'), namedPods('vm-202', ofBr2, ofBr3)],
  reach: {
    sides: [
      ['br2-*', ofBr2],
      ['br3-*', ofBr3],
    ],
  },
})

export const dualBridges: TestCase = {
  name: 'dual_bridges',
  file: import.meta.filename,
  summary: 'Two isolated bridges with the same addresses, each reached from its own network alone',
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
    ...PINGS,
  ],
  ...outside('vm-202-eth3', 'vm-202-eth4'),
}

export const dualBridgesVlan: TestCase = {
  name: 'dual_bridges_vlan',
  file: import.meta.filename,
  summary: 'The same on two VLANs of one network',
  needs: { nics: { 'vm-001': 3, 'vm-202': 4 }, links: [{ 'vm-001': 2, 'vm-202': 3 }], kinds: ['vlan'], pods: PODS },
  forced: CLUSTER,
  steps: [
    on('vm-202', 'create_vlans', 'eth3.100', 'eth3.200'),
    on('vm-202', 'xnetns', 'eth3.100', 'eth3.200'),
    on('vm-001', 'create_vlans', 'eth2.100', 'eth2.200'),
    on('vm-001', 'xbridge', 'br2', 'eth2.100'),
    on('vm-001', 'xbridge', 'br3', 'eth2.200'),
    ...PINGS,
  ],
  ...outside('vm-202-eth3.100', 'vm-202-eth3.200'),
}
