import { testsOf } from '../../cases/definition.ts'
import type { TestCase } from '../../cases/test-case.ts'
import { describeFailure } from '../../errors/failure.ts'
import type { Environment } from '../../host/environment.ts'
import { ALL, testCases } from '../../runner/registry.ts'
import { ovlsWithTests } from '../../test-files/find.ts'
import { readGrep, readSet, selectTests } from './select.ts'

interface ListRequest {
  readonly words: readonly string[]
  readonly set: readonly string[]
  readonly grep: string | undefined
  readonly options: Environment
  readonly environment: Environment
  readonly signal: AbortSignal
}

/**
 * `test --list`: prints the names of the selected tests; without a selection, of all tests, with those of ovls on the
 * path of ovls and in the working directory.
 * @param verbose with descriptions
 */
export async function listTests(request: ListRequest, verbose: boolean): Promise<void> {
  const { words, set, grep } = request
  const isSelected = words.length > 0 || grep !== undefined
  const listed = isSelected
    ? (await selectTests({ ...request, set: readSet(set), grep: readGrep(grep) })).tests.map(({ test }) => test)
    : [...testCases, EVERY, ...(await testsOfOvls(request.environment))]
  const width = Math.max(...listed.map(({ name }) => name.length))
  for (const { name, summary } of listed)
    process.stdout.write(verbose ? `${name.padEnd(width)}  ${summary}\n` : `${name}\n`)
}

const EVERY = {
  name: ALL,
  summary: 'Every test, once; tests whose requirements are not met are skipped, with the reason',
}

/** Reports invalid files, and lists the others. */
async function testsOfOvls({
  XCLUSTER_OVLPATH = '',
}: Environment): Promise<readonly Pick<TestCase, 'name' | 'summary'>[]> {
  const found = ovlsWithTests([...XCLUSTER_OVLPATH.split(':').filter(Boolean), '.'])
  if (found.length === 0) return []
  const { loadTests } = await import('../../test-files/load.ts')
  const each = found.flatMap(({ files, ovl }) => files.map(file => ({ files: [file], ...(ovl && { ovl }) })))
  const read = await Promise.all(
    each.map(async one => {
      try {
        return (await loadTests(one)).flatMap(template => testsOf(template))
      } catch (error) {
        process.stderr.write(`${describeFailure(error)}\n`)
        return []
      }
    }),
  )
  return read.flat()
}
