import { usageFailure } from '../../errors/failure.ts'
import { didYouMean } from '../../errors/suggest.ts'
import type { Environment } from '../../host/environment.ts'
import type { PlannedTest } from '../../runner/plan.ts'
import { provesReach, testCases } from '../../runner/registry.ts'
import { spelling } from '../../settings/sources.ts'
import type { SelectedTest } from './select.ts'

/**
 * Applies `--reach`: the tests matrix and cni prove the reachability of another test.
 * @param name of the other test, if any
 * @param option as the user wrote it
 * @throws Failure BAD_VALUE (exit 2) when it has no reachability of its own, or no selected test accepts one
 */
export function reachingAs(
  name: string | undefined,
  tests: readonly SelectedTest[],
  option: string,
): readonly SelectedTest[] {
  if (name === undefined) return tests
  const proving = testCases.filter(provesReach)
  const { reach } = proving.find(test => test.name === name) ?? {}
  const names = proving.map(test => test.name)
  if (!reach)
    throw usageFailure('BAD_VALUE', `${option}=${name}: not a test with its own reachability: ${names.join(', ')}`, {
      hint: didYouMean(name, names),
    })
  if (!tests.some(({ test }) => takesReach(test)))
    throw usageFailure(
      'BAD_VALUE',
      `${option} is for the tests matrix and cni: other tests define their own reachability`,
    )
  return tests.map(({ test, optional }) => ({ test: takesReach(test) ? { ...test, reach } : test, optional }))
}

const takesReach = ({ needs }: PlannedTest['test']): boolean => needs.running === true || needs.configuration === true

/** Messages about options that a test overrides. */
export function* overridden({ name, forced = {} }: PlannedTest['test'], options: Environment): Iterable<string> {
  for (const [variable, value] of Object.entries(forced)) {
    const typed = options[variable]
    if (typed && typed !== value)
      yield `${name}: ${spelling(variable, 'option')}=${typed} has no effect: this test needs ${value}`
  }
}
