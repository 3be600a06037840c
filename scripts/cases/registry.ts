import { bridge } from './bridge.ts'
import { cniBridge } from './cni-bridge.ts'
import { ipvlan, macvlan } from './direct.ts'
import { dualBridges, dualBridgesVlan } from './dual-bridges.ts'
import { l2 } from './l2.ts'
import { l3, l3Overlay, l3Vxlan } from './l3.ts'
import { matrix } from './matrix.ts'
import { start, startEmpty } from './start.ts'
import type { TestCase } from './test-case.ts'

/** All tests, in the order of `test --list`; the first is the default. */
export const testCases: readonly TestCase[] = [
  start,
  startEmpty,
  bridge,
  cniBridge,
  l2,
  l3,
  l3Overlay,
  l3Vxlan,
  ipvlan,
  macvlan,
  dualBridges,
  dualBridgesVlan,
  matrix,
]

/** Stands for every test, once. */
export const ALL = 'all'

export const findTestCase = (name: string): TestCase | undefined => testCases.find(test => test.name === name)
