import { usageFailure } from '../../errors/failure.ts'
import { didYouMean } from '../../errors/suggest.ts'
import type { Environment } from '../../host/environment.ts'
import type { PlannedTest } from '../../runner/plan.ts'
import { ALL, DEFAULT_TEST, findTestCase, provesReach, testCases } from '../../runner/registry.ts'
import { spelling } from '../../settings/sources.ts'

/** The tests that were named; without any it is the default one. Those that `all` stands for are optional. Each is there once. */
export function testsIn(words: readonly string[]): readonly Pick<PlannedTest, 'test' | 'optional'>[] {
  const tests = words.flatMap(word => {
    if (word === ALL)
      return testCases.filter(({ sameAs, needs }) => !sameAs && !needs.running).map(test => ({ test, optional: true }))
    const test = findTestCase(word)
    return test ? [{ test, optional: false }] : []
  })
  // What is named is wanted, whatever else names it.
  const named = new Set(tests.filter(({ optional }) => !optional).map(({ test }) => test.name))
  const once = [...new Map(tests.map(({ test }) => [test.name, { test, optional: !named.has(test.name) }])).values()]
  if (once.length > 0) return once
  return testCases.filter(({ name }) => name === DEFAULT_TEST).map(test => ({ test, optional: false }))
}

/**
 * A test of a cluster that runs proves what another one says of who reaches whom.
 * @param name the other one's, or nothing
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
    throw usageFailure(
      'BAD_VALUE',
      `${option}=${name}: no test of this name says who reaches whom: ${names.join(', ')} do`,
      { hint: didYouMean(name, names) },
    )
  if (!tests.some(({ test }) => test.needs.running))
    throw usageFailure('BAD_VALUE', `${option} is for the test matrix: other tests say for themselves who reaches whom`)
  return tests.map(({ test, optional }) => ({ test: test.needs.running ? { ...test, reach } : test, optional }))
}

/** What the user typed that a test overrides. */
export function* overridden({ name, forced = {} }: PlannedTest['test'], options: Environment): Iterable<string> {
  for (const [variable, value] of Object.entries(forced)) {
    const typed = options[variable]
    if (typed && typed !== value)
      yield `${name}: ${spelling(variable, 'option')}=${typed} has no effect: this test needs ${value}`
  }
}
