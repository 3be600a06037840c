import { usageFailure } from '../../errors/failure.ts'
import { didYouMean } from '../../errors/suggest.ts'
import type { Environment } from '../../host/environment.ts'
import type { PlannedTest } from '../../runner/plan.ts'
import { ALL, DEFAULT_TEST, findTestCase, provesReach, testCases } from '../../runner/registry.ts'
import { spelling } from '../../settings/sources.ts'

/** The selected tests, each once; without any, the default test. Tests selected by `all` are optional. */
export function testsIn(words: readonly string[]): readonly Pick<PlannedTest, 'test' | 'optional'>[] {
  const tests = words.flatMap(word => {
    if (word === ALL)
      return testCases.filter(({ sameAs, needs }) => !sameAs && !needs.running).map(test => ({ test, optional: true }))
    const test = findTestCase(word)
    return test ? [{ test, optional: false }] : []
  })
  // A test that is selected by name is required.
  const named = new Set(tests.filter(({ optional }) => !optional).map(({ test }) => test.name))
  const once = [...new Map(tests.map(({ test }) => [test.name, { test, optional: !named.has(test.name) }])).values()]
  if (once.length > 0) return once
  return testCases.filter(({ name }) => name === DEFAULT_TEST).map(test => ({ test, optional: false }))
}

/**
 * Lets a test of a running cluster prove the reachability of another test.
 * @param name of the other test, if any
 * @param option as the user wrote it
 */
export function reachingAs(
  name: string | undefined,
  tests: ReturnType<typeof testsIn>,
  option: string,
): ReturnType<typeof testsIn> {
  if (name === undefined) return tests
  const proving = testCases.filter(provesReach)
  const { reach } = proving.find(test => test.name === name) ?? {}
  const names = proving.map(test => test.name)
  if (!reach)
    throw usageFailure('BAD_VALUE', `${option}=${name}: not a test with its own reachability: ${names.join(', ')}`, {
      hint: didYouMean(name, names),
    })
  if (!tests.some(({ test }) => test.needs.running))
    throw usageFailure('BAD_VALUE', `${option} is for the test matrix: other tests define their own reachability`)
  return tests.map(({ test, optional }) => ({ test: test.needs.running ? { ...test, reach } : test, optional }))
}

/** Messages about options that a test overrides. */
export function* overridden({ name, forced = {} }: PlannedTest['test'], options: Environment): Iterable<string> {
  for (const [variable, value] of Object.entries(forced)) {
    const typed = options[variable]
    if (typed && typed !== value)
      yield `${name}: ${spelling(variable, 'option')}=${typed} has no effect: this test needs ${value}`
  }
}
