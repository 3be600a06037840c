import fs from 'node:fs'
import path from 'node:path'
import * as v from 'valibot'
import type { TestDefinition, TestTemplate } from '../cases/definition.ts'
import { namedPods } from '../cases/test-case.ts'
import { reasonOf } from '../host/files.ts'
import { shownPath } from '../host/shown-path.ts'
import { READABLE, TEST_FILE } from './find.ts'
import { badTest, describePath, type Issue } from './issues.ts'
import { testSchema } from './schema.ts'
import { steps } from './step-schema.ts'
import { type ParsedFile, parseYaml } from './yaml.ts'

const YAML = /\.ya?ml$/

/**
 * Reads the tests of a file.
 * @param prefix of the names: that of an ovl
 * @throws Failure BAD_TEST (exit 2) with all mistakes, each with its line
 */
export async function readTests(file: string, prefix = ''): Promise<readonly TestTemplate[]> {
  const shown = shownPath(file)
  const parsed = await parse(file, shown)
  if ('issues' in parsed) throw badTest(parsed.issues)
  const { value, locate } = parsed
  const several = Array.isArray(value)
  const all = several ? value : [value]
  const read = all.map((each, index) => check(each, several ? [index] : [], locate))
  const issues = read.flatMap(each => each.issues)
  if (issues.length > 0) throw badTest(issues)
  return read.map(({ definition, path: at }, position) => {
    const { name = path.basename(file).replace(TEST_FILE, '').replace(READABLE, ''), ...rest } =
      definition as TestDefinition
    const ofMember = (member: readonly (string | number)[]) => locate([...at, ...member])
    return { name: `${prefix}${name}`, file, position, definition: rest, locate: ofMember }
  })
}

async function parse(file: string, shown: string): Promise<ParsedFile | { readonly issues: readonly Issue[] }> {
  try {
    if (YAML.test(file)) return parseYaml(fs.readFileSync(file, 'utf8'), shown)
    fs.accessSync(file, fs.constants.R_OK)
  } catch (error) {
    return { issues: [{ location: shown, key: '', message: `cannot read it: ${reasonOf(error)}` }] }
  }
  const { importModule } = await import('./module.ts')
  const module = await importModule(file, shown)
  if (!('issues' in module)) return module
  const hint = (message: string) =>
    message === 'has no default export' ? `${message} (export default defineTest({ … }))` : message
  return { issues: module.issues.map(issue => ({ ...issue, message: hint(issue.message) })) }
}

function check(value: unknown, at: readonly (string | number)[], locate: ParsedFile['locate']) {
  const { success, output, issues } = v.safeParse(testSchema, value)
  if (!success) return { definition: undefined, path: at, issues: issuesOf(issues, at, locate) }
  const definition = normalized(output)
  return { definition, path: at, issues: functionIssues(definition, at, locate) }
}

const issuesOf = (
  issues: readonly v.BaseIssue<unknown>[],
  at: readonly (string | number)[],
  locate: ParsedFile['locate'],
): readonly Issue[] =>
  issues.map(({ path: keys = [], message }) => {
    const place = [...at, ...keys.map(({ key }) => key as string | number)]
    return { location: locate(place), key: describePath(place), message }
  })

/** Mistakes in the steps that functions return, with the defaults of the parameters. */
function functionIssues(
  definition: TestDefinition,
  at: readonly (string | number)[],
  locate: ParsedFile['locate'],
): readonly Issue[] {
  const defaults = Object.entries(definition.parameters ?? {}).map(([key, value]) => [key, [value].flat()[0]])
  return (['steps', 'cleanup'] as const).flatMap((part): readonly Issue[] => {
    const { [part]: make } = definition
    if (typeof make !== 'function') return []
    const place = [...at, part]
    try {
      const { issues = [] } = v.safeParse(steps, make(Object.fromEntries(defaults)))
      return issuesOf(issues, place, locate)
    } catch (error) {
      return [{ location: locate(place), key: part, message: (error as Error).message }]
    }
  })
}

/** Lists of names of PODs as functions. */
function normalized({ pods, ...rest }: v.InferOutput<typeof testSchema>): TestDefinition {
  const made = Array.isArray(pods)
    ? pods.map(({ where, names }) =>
        Array.isArray(names) ? namedPods(where as 'workers', ...names) : { where, names },
      )
    : pods
  return { ...rest, ...(made && { pods: made }) } as TestDefinition
}
