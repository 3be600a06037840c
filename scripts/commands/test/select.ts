import path from 'node:path'
import { ParameterError, type SetValues, type TestTemplate, testsOf } from '../../cases/definition.ts'
import { resolveCluster } from '../../cluster/choose.ts'
import { isOvl } from '../../cluster/ovl-directories.ts'
import { usageFailure } from '../../errors/failure.ts'
import { suggest } from '../../errors/suggest.ts'
import type { Environment } from '../../host/environment.ts'
import { shownPath } from '../../host/shown-path.ts'
import type { PlannedTest } from '../../runner/plan.ts'
import { ALL, DEFAULT_TEST, findTestCase, testTemplates } from '../../runner/registry.ts'
import { findTestFiles, findTestsOfOvl, isTestPath } from '../../test-files/find.ts'

export type SelectedTest = Pick<PlannedTest, 'test' | 'optional'>

interface Selection {
  readonly tests: readonly SelectedTest[]
  /** The words that name tests, valid in any directory. */
  readonly words: readonly string[]
  /** The words that name ovls. */
  readonly others: readonly string[]
}

interface SelectRequest {
  readonly words: readonly string[]
  /** Values of parameters, from `--set`. */
  readonly set: SetValues
  /** Of names and summaries, from `--grep`. */
  readonly grep?: RegExp | undefined
  readonly options: Environment
  readonly environment: Environment
  readonly signal: AbortSignal
}

/** A template, whose tests are skipped when their requirements are not met. */
interface Chosen {
  readonly template: TestTemplate
  readonly optional: boolean
}

/**
 * Finds the tests and ovls that words name; without a test, the default one. The first word is a test if possible;
 * after it, a word that names both a test and an ovl is the ovl.
 * @throws Failure BAD_TEST, NO_SUCH_TEST, BAD_VALUE (exit 2)
 */
export async function selectTests(request: SelectRequest): Promise<Selection> {
  const { words, set, grep } = request
  const ovlPath = await ovlPathFor(request)
  const chosen: Chosen[] = []
  const [named, others]: [string[], string[]] = [[], []]
  for (const [index, word] of words.entries()) {
    const templates = await templatesOf(word, index, ovlPath)
    if (!templates) others.push(word)
    else {
      chosen.push(...templates.chosen)
      named.push(...templates.words)
    }
  }
  if (chosen.length === 0) chosen.push(...(grep ? everyTest() : builtIn(DEFAULT_TEST)))
  const tests = unique(expanded(chosen, set)).filter(
    ({ test: { name, summary } }) => !grep || grep.test(name) || grep.test(summary),
  )
  if (tests.length === 0) throw usageFailure('NO_SUCH_TEST', `--grep ${grep?.source}: no selected test matches`)
  return { tests, words: named, others }
}

const builtIn = (word: string): readonly Chosen[] =>
  testTemplates.filter(({ name }) => name === word).map(template => ({ template, optional: false }))

const everyTest = (): readonly Chosen[] =>
  testTemplates
    .filter(({ definition: { sameAs, needs } }) => !sameAs && !needs?.running && !needs?.configuration)
    .map(template => ({ template, optional: true }))

/** The tests that a word names, and the word for any directory; undefined for another word. */
async function templatesOf(word: string, index: number, ovlPath: readonly string[]) {
  const isName = isTestName(word)
  if (isName && (index === 0 || !isOvl(word, ovlPath)))
    return { chosen: word === ALL ? everyTest() : builtIn(word), words: [word] }
  if (isName) return undefined
  const found = isTestPath(word) ? findTestFiles(word) : word.includes('/') ? findTestsOfOvl(word, ovlPath) : undefined
  if (!found) return undefined
  const { loadTests } = await import('../../test-files/load.ts')
  const templates = await loadTests(found)
  const files = [...new Set(templates.map(({ file }) => path.resolve(file)))]
  return { chosen: templates.map(template => ({ template, optional: false })), words: files }
}

const isTestName = (word: string): boolean =>
  word === ALL || findTestCase(word) !== undefined || builtIn(word).length > 0

/** Resolved only if necessary: it may call xcluster for the path of ovls. */
async function ovlPathFor({ words, options, environment, signal }: SelectRequest): Promise<readonly string[]> {
  const isNeeded =
    words.slice(1).some(isTestName) || words.some(word => word.includes('/') && !isTestPath(word) && !isOvl(word, []))
  if (!isNeeded) return []
  return (await resolveCluster({ options, environment, test: {}, onLine: () => {}, signal })).settings.ovlPath
}

function expanded(chosen: readonly Chosen[], set: SetValues): readonly (SelectedTest & Chosen)[] {
  const known = new Set(chosen.flatMap(({ template }) => Object.keys(template.definition.parameters ?? {})))
  for (const key of set.keys()) {
    if (known.has(key)) continue
    const names = [...known]
    const hint =
      names.length > 0 ? suggest(key, names, `parameters are ${names.join(', ')}`) : 'the tests have no parameters'
    throw usageFailure('BAD_VALUE', `--set ${key}: no selected test has this parameter`, { hint })
  }
  return chosen.flatMap(({ template, optional }) => {
    try {
      return testsOf(template, set).map(test => ({ test, template, optional }))
    } catch (error) {
      const { message } = error as Error
      if (error instanceof ParameterError) throw usageFailure('BAD_VALUE', `--set ${message}`, { cause: error })
      throw usageFailure('BAD_TEST', `${template.locate?.(['steps']) ?? shownPath(template.file)}: steps: ${message}`, {
        cause: error,
      })
    }
  })
}

/**
 * Each test once: one that is selected by name is required.
 * @throws Failure BAD_TEST (exit 2) when two tests have the same name
 */
function unique(tests: readonly (SelectedTest & Chosen)[]): readonly SelectedTest[] {
  const byName = new Map<string, SelectedTest & Chosen>()
  for (const each of tests) {
    const { name } = each.test
    const other = byName.get(name)
    if (other && !isSameTemplate(other.template, each.template)) {
      const places = [other, each].map(({ test }) => test.locate?.([]) ?? shownPath(test.file))
      throw usageFailure('BAD_TEST', `two tests are named '${name}': ${places.join(' and ')}`)
    }
    byName.set(name, { ...each, optional: each.optional && (other?.optional ?? true) })
  }
  return [...byName.values()].map(({ test, optional }) => ({ test, optional }))
}

/** A file that is named twice is read twice. */
const isSameTemplate = (one: TestTemplate, other: TestTemplate): boolean =>
  one === other || (one.position !== undefined && one.file === other.file && one.position === other.position)

/**
 * Reads `--set`: `size=1400`, or several values: `size=1400,9000`.
 * @throws Failure BAD_VALUE (exit 2)
 */
export function readSet(words: readonly string[]): SetValues {
  const set = new Map<string, readonly string[]>()
  for (const word of words) {
    const [, key, values] = /^([\w-]+)=(.*)$/s.exec(word) ?? []
    if (key === undefined || !values)
      throw usageFailure('BAD_VALUE', `--set ${word}: <parameter>=<value> is needed, or several values: size=1400,9000`)
    set.set(key, values.split(','))
  }
  return set
}

/** Reads `--grep`. @throws Failure BAD_VALUE (exit 2) */
export function readGrep(pattern: string | undefined): RegExp | undefined {
  try {
    return pattern === undefined ? undefined : new RegExp(pattern, 'i')
  } catch (cause) {
    throw usageFailure('BAD_VALUE', `--grep ${pattern}: ${(cause as Error).message}`, { cause })
  }
}
