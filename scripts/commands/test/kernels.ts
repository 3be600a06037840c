import path from 'node:path'
import type { TestCase } from '../../cases/test-case.ts'
import { usageFailure } from '../../errors/failure.ts'
import type { Environment } from '../../host/environment.ts'
import { wordsIn } from '../../settings/guest.ts'

/** A kernel of `--kernel`. */
interface RequestedKernel {
  /** In the names of its tests: `6.12`, `bzImage`. Undefined with only one kernel, whose tests keep their names. */
  readonly label: string | undefined
  /** The option for its clusters. */
  readonly options: Environment
}

/**
 * The kernels that a run uses, one after the other.
 * @param value of `--kernel`: `6.1,6.12,./bzImage`
 * @param option as the user wrote it
 * @throws Failure BAD_VALUE (exit 2) for two kernels of the same name
 */
export function kernelsIn(value: string | undefined, option: string): readonly RequestedKernel[] {
  const words = wordsIn(value)
  if (words.length < 2) return [{ label: undefined, options: {} }]
  const kernels = words.map(word => ({ label: path.basename(word), options: { __kernel: word } }))
  const twice = kernels.find(({ label }, index) => kernels.findIndex(each => each.label === label) !== index)
  if (twice) throw usageFailure('BAD_VALUE', `${option}: reports would show two kernels as '${twice.label}'`)
  return kernels
}

/** A test on one of several kernels, under a name of its own: `bridge@6.12`. */
export const onKernel = (test: TestCase, { label }: RequestedKernel): TestCase =>
  label === undefined ? test : { ...test, name: testOnKernel(test.name, label) }

const testOnKernel = (test: string, label: string): string => `${test}@${label}`

/** Paths as the run resolves them, so that it can be repeated in another directory. */
export const withoutRelativePaths = (value: string): string =>
  wordsIn(value)
    .map(word => (word.includes('/') && !word.startsWith('~') ? path.resolve(word) : word))
    .join(',')
