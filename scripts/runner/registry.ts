import fs from 'node:fs'
import path from 'node:path'
import type { TestCase, TestDefinition } from '../cases/test-case.ts'
import { CONNECTIONS } from '../ovl/own-tree.ts'

const DEFINITION = 'definition.ts'

/** The folders of tests, each named after its test, in alphabetical order, whatever the locale. */
export const connectionFolders = (top: string = CONNECTIONS): readonly string[] =>
  fs
    .readdirSync(top)
    .filter(name => fs.existsSync(path.join(top, name, DEFINITION)))
    .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))

async function readTestCase(name: string): Promise<TestCase> {
  // In this form also esbuild finds the modules: scripts/launch/bundle.mjs.
  const { default: definition }: { default: TestDefinition } = await import(`../connections/${name}/definition.ts`)
  return { ...definition, name, file: path.join(CONNECTIONS, name, DEFINITION) }
}

/** Those that only start a cluster come first: behind others `all` would leave theirs running. */
const inOrder = (tests: readonly TestCase[]): readonly TestCase[] => [
  ...tests.filter(({ keepsCluster }) => keepsCluster),
  ...tests.filter(({ keepsCluster }) => !keepsCluster),
]

/** All tests, in the order of `test --list`. */
export const testCases: readonly TestCase[] = inOrder(await Promise.all(connectionFolders().map(readTestCase)))

/** Runs when no test is named. */
export const DEFAULT_TEST = 'start'

/** Stands for every test, once. */
export const ALL = 'all'

export const findTestCase = (name: string): TestCase | undefined => testCases.find(test => test.name === name)

/** Whether a test says for itself which PODs reach each other. */
export const provesReach = ({ reach, needs }: TestCase): boolean => reach !== undefined && !needs.running
