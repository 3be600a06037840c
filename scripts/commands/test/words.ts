import { resolveCluster } from '../../cluster/choose.ts'
import type { OvlDirectory } from '../../cluster/cluster.ts'
import { findOvl, isOvl } from '../../cluster/ovl-directories.ts'
import { Failure, usageFailure } from '../../errors/failure.ts'
import { suggest } from '../../errors/suggest.ts'
import type { Environment } from '../../host/environment.ts'
import { ALL, findTestCase, testCases } from '../../runner/registry.ts'
import { expandHome } from '../../settings/home.ts'

/** What was typed behind `test`, sorted into tests and ovls. */
interface SortedWords {
  readonly tests: readonly string[]
  readonly others: readonly string[]
}

/** The first word is a test where it can be one; behind it, a word that can be both is an ovl: contract, "Tests". */
export async function sortWords(
  words: readonly string[],
  options: Environment,
  environment: Environment,
  signal: AbortSignal,
): Promise<SortedWords> {
  const isTestName = (word: string) => word === ALL || findTestCase(word) !== undefined
  // Asked only where it matters: xcluster may have to say where ovls are.
  const { ovlPath } = words.slice(1).some(isTestName)
    ? (await resolveCluster({ options, environment, test: {}, onLine: () => {}, signal })).settings
    : { ovlPath: [] }
  const isTest = (word: string, index: number) => isTestName(word) && (index === 0 || !isOvl(word, ovlPath))
  return {
    tests: words.filter(isTest),
    others: words.filter((word, index) => !isTest(word, index)),
  }
}

/** The ovls that were named by `--ovl`, then those that were named behind `test`. */
export const ovlsIn = (
  others: readonly string[],
  ovls: readonly string[],
  ovlPath: readonly string[],
): readonly OvlDirectory[] => [
  ...ovls.map(ovl => findOvl(expandHome('--ovl', ovl), ovlPath)),
  ...others.map(word => findTestOrOvl(word, ovlPath)),
]

function findTestOrOvl(word: string, ovlPath: readonly string[]): OvlDirectory {
  try {
    return findOvl(word, ovlPath)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const names = [...testCases.map(test => test.name), ALL]
    throw usageFailure('NO_SUCH_TEST', `no test and no ovl is called '${word}': ${error.message}`, {
      hint: suggest(word, names, `tests are ${names.join(', ')}`),
      cause: error,
    })
  }
}
