import fs from 'node:fs'
import path from 'node:path'
import { isBuiltInStep, isNodeStep } from '../../scripts/cases/steps.ts'
import type { TestCase } from '../../scripts/cases/test-case.ts'

/** A step in a shell file. */
export interface ShellStep {
  readonly name: string
  /** Its test's folder; undefined for a shared step. */
  readonly of: string | undefined
  readonly text: string
}

/** The steps in the shared directory and in the folders of tests. */
export function stepsIn(shared: string, connections: string): readonly ShellStep[] {
  const read = (directory: string, of: string | undefined) =>
    fs.existsSync(directory)
      ? fs.readdirSync(directory).map(file => ({
          name: path.basename(file, '.sh'),
          of,
          text: fs.readFileSync(path.join(directory, file), 'utf8'),
        }))
      : []
  const folders = fs.readdirSync(connections)
  return [...read(shared, undefined), ...folders.flatMap(name => read(path.join(connections, name, 'steps'), name))]
}

/**
 * Differences between definitions and shell files, one sentence each. A step that the host runs on the nodes, or that
 * calls another one, needs no shell file of its name; callers in a node may need it.
 */
export function disagreements(tests: readonly TestCase[], steps: readonly ShellStep[]): readonly string[] {
  const named = new Map<string, string[]>()
  const needed = new Map<string, string>()
  for (const { name, steps: ofTest } of tests)
    for (const step of ofTest) {
      if (!isBuiltInStep(step) && !isNodeStep(step)) continue
      const called = isBuiltInStep(step) ? (step.tcase ?? step.name) : undefined
      if (called && !needed.has(called)) needed.set(called, name)
      for (const each of new Set([step.name, called ?? step.name])) named.set(each, [...(named.get(each) ?? []), name])
    }
  const defined = new Set(steps.map(({ name }) => name))
  return [
    ...[...needed].flatMap(([step, test]) => (defined.has(step) ? [] : `${test}: no shell file defines ${step}`)),
    ...steps.flatMap(({ name, of, text }) => {
      const where = `${of ?? 'shared'}: steps/${name}.sh`
      const functions = [...text.matchAll(/^tcase_(\w+)\(\)/gm)].map(([, found]) => found)
      const users = named.get(name) ?? []
      return [
        ...(users.length === 0 ? [`${where}: no definition names it`] : []),
        ...(of && users.length > 0 && !users.includes(of) ? [`${where}: its own definition does not name it`] : []),
        ...(functions.join() === name ? [] : [`${where}: defines ${functions.join(' and ') || 'no step'}`]),
        ...(new RegExp(`^# shellcheck shell=sh\n# ${name}( [^:\n]+)?: \\S`).test(text)
          ? []
          : [`${where}: its second line is not "# ${name} [arguments]: <what it does>"`]),
      ]
    }),
  ]
}

const TEST_FILES = ['namespaces.test.ts', 'vm.test.ts']

/**
 * What the folder of a test lacks, one sentence each. An alias needs no tests; only a definition that names the PODs of
 * its network needs a picture.
 */
export function flawsOfFolder(
  connections: string,
  { name, sameAs, pods }: Pick<TestCase, 'name' | 'sameAs' | 'pods'>,
): readonly string[] {
  const has = (file: string) => fs.existsSync(path.join(connections, name, file))
  const tests = sameAs || TEST_FILES.some(has) ? [] : [`${name}: neither ${TEST_FILES.join(' nor ')}`]
  if (!has('README.md')) return [`${name}: no README.md`, ...tests]
  const text = fs.readFileSync(path.join(connections, name, 'README.md'), 'utf8')
  const links = [...text.matchAll(/\]\(([^)#]+)(?:#[\w-]+)?\)/g)].map(([, link = '']) => link)
  return [
    ...(text.startsWith(`# \`${name}\``) ? [] : [`${name}: README.md does not begin with its name`]),
    ...links.flatMap(link => (/^https?:/.test(link) || has(link) ? [] : [`${name}: no file ${link}`])),
    ...((pods || has('picture.svg')) && !text.includes('](picture.svg)')
      ? [`${name}: README.md does not show picture.svg`]
      : []),
    ...tests,
  ]
}
