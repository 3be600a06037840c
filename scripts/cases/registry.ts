import { bridge } from './bridge.ts'
import { cniBridge } from './cni-bridge.ts'
import { start, startEmpty } from './start.ts'
import type { TestCase } from './test-case.ts'

/** All tests, in the order of `test --list`; the first is the default. */
export const testCases: readonly TestCase[] = [start, startEmpty, bridge, cniBridge]

/** Stands for every test, once. */
export const ALL = 'all'

export const findTestCase = (name: string): TestCase | undefined => testCases.find(test => test.name === name)
