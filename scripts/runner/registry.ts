import path from 'node:path'
import { type TestDefinition, type TestTemplate, testsOf } from '../cases/definition.ts'
import type { TestCase } from '../cases/test-case.ts'
import { CONNECTIONS } from '../ovl/own-tree.ts'
import { definitions } from './definitions.ts'

const template = ([name, definition]: readonly [string, TestDefinition]): TestTemplate => ({
  definition,
  name,
  file: path.join(CONNECTIONS, name, 'definition.ts'),
})

/** Tests that keep their cluster come first: at the end of `all` it would be left running. */
const inOrder = (tests: readonly TestTemplate[]): readonly TestTemplate[] => [
  ...tests.filter(({ definition }) => definition.keepsCluster),
  ...tests.filter(({ definition }) => !definition.keepsCluster),
]

/** All built-in tests, in the order of `test --list`, before `--set`. */
export const testTemplates: readonly TestTemplate[] = inOrder(
  [...definitions]
    // The same order in every locale.
    .sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .map(template),
)

/** The same with the parameters of their definitions. */
export const testCases: readonly TestCase[] = testTemplates.flatMap(template => testsOf(template))

export const DEFAULT_TEST = 'start'

/** Selects every test, once. */
export const ALL = 'all'

export const findTestCase = (name: string): TestCase | undefined => testCases.find(test => test.name === name)

/** Whether a test defines its own reachability. */
export const provesReach = ({ reach, needs }: TestCase): boolean => reach !== undefined && !needs.running
