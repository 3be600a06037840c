import { resolveCluster } from '../../cluster/choose.ts'
import type { OvlDirectory } from '../../cluster/cluster.ts'
import { findOvl, isOvl } from '../../cluster/ovl-directories.ts'
import { Failure, usageFailure } from '../../errors/failure.ts'
import { suggest } from '../../errors/suggest.ts'
import type { Environment } from '../../host/environment.ts'
import { ALL, findTestCase, testCases } from '../../runner/registry.ts'
import { expandHome } from '../../settings/home.ts'

/** The arguments of `test`. */
interface SortedWords {
  readonly tests: readonly string[]
  readonly others: readonly string[]
}

/** The first word is a test if possible; after it, an ambiguous word is an ovl: docs/xcluster.md. */
export async function sortWords(
  words: readonly string[],
  options: Environment,
  environment: Environment,
  signal: AbortSignal,
): Promise<SortedWords> {
  const isTestName = (word: string) => word === ALL || findTestCase(word) !== undefined
  // Resolved only if necessary: it may call xcluster for the path of ovls.
  const { ovlPath } = words.slice(1).some(isTestName)
    ? (await resolveCluster({ options, environment, test: {}, onLine: () => {}, signal })).settings
    : { ovlPath: [] }
  const isTest = (word: string, index: number) => isTestName(word) && (index === 0 || !isOvl(word, ovlPath))
  return {
    tests: words.filter(isTest),
    others: words.filter((word, index) => !isTest(word, index)),
  }
}

/** The ovls of `--ovl`, then those among the arguments. */
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
    throw usageFailure('NO_SUCH_TEST', `no test or ovl is named '${word}': ${error.message}`, {
      hint: suggest(word, names, `tests are ${names.join(', ')}`),
      cause: error,
    })
  }
}
