import fs from 'node:fs'
import path from 'node:path'
import type { TestCase, TestDefinition } from '../cases/test-case.ts'
import { CONNECTIONS } from '../ovl/own-tree.ts'

const DEFINITION = 'definition.ts'

/** The folders of tests, each named after its test, in locale-independent order. */
export const connectionFolders = (top: string = CONNECTIONS): readonly string[] =>
  fs
    .readdirSync(top)
    .filter(name => fs.existsSync(path.join(top, name, DEFINITION)))
    .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))

async function readTestCase(name: string): Promise<TestCase> {
  // esbuild resolves this form, too: scripts/launch/bundle.mjs.
  const { default: definition }: { default: TestDefinition } = await import(`../connections/${name}/definition.ts`)
  return { ...definition, name, file: path.join(CONNECTIONS, name, DEFINITION) }
}

/** Tests that keep their cluster come first: at the end of `all` it would be left running. */
const inOrder = (tests: readonly TestCase[]): readonly TestCase[] => [
  ...tests.filter(({ keepsCluster }) => keepsCluster),
  ...tests.filter(({ keepsCluster }) => !keepsCluster),
]

/** All tests, in the order of `test --list`. */
export const testCases: readonly TestCase[] = inOrder(await Promise.all(connectionFolders().map(readTestCase)))

export const DEFAULT_TEST = 'start'

/** Selects every test, once. */
export const ALL = 'all'

export const findTestCase = (name: string): TestCase | undefined => testCases.find(test => test.name === name)

/** Whether a test defines its own reachability. */
export const provesReach = ({ reach, needs }: TestCase): boolean => reach !== undefined && !needs.running
