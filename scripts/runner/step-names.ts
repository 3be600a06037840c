import { isBuiltInStep } from '../cases/steps.ts'
import { fileOf, type TestCase } from '../cases/test-case.ts'
import { usageFailure } from '../errors/failure.ts'
import { didYouMean } from '../errors/suggest.ts'
import { stepNames } from '../ovl/step-names.ts'

/**
 * Checks that the steps of `netns_test` in a test of a user's file exist. Other ovls can bring steps of their own, so
 * with them only likely typing errors are refused.
 * @param hasOvls other ovls are unpacked on the nodes
 * @throws Failure BAD_TEST (exit 2) naming the place in the test's file
 */
export function checkStepNames(test: TestCase, hasOvls: boolean): void {
  const { locate } = test
  if (!locate) return
  const known = stepNames()
  for (const part of ['steps', 'cleanup'] as const) {
    for (const [index, step] of (test[part] ?? []).entries()) {
      if (!isBuiltInStep(step) || known.includes(step.name)) continue
      const similar = didYouMean(step.name, known)
      if (hasOvls && similar === undefined) continue
      const place = locate([part, index, 'name']) ?? fileOf(test)
      throw usageFailure('BAD_TEST', `${place}: ${part}[${index}].name: netns_test has no step '${step.name}'`, {
        hint: similar ?? `steps are ${known.join(', ')}; for a command, write { command: ${step.name} }`,
      })
    }
  }
}
