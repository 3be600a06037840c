import type { OvlDirectory } from '../../cluster/cluster.ts'
import { findOvl } from '../../cluster/ovl-directories.ts'
import { Failure, usageFailure } from '../../errors/failure.ts'
import { suggest } from '../../errors/suggest.ts'
import { tryStat } from '../../host/files.ts'
import { ALL, testCases } from '../../runner/registry.ts'
import { expandHome } from '../../settings/home.ts'

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
    if (tryStat(word)?.isDirectory()) {
      const why = `${word} has neither test files (*.test.ts, .js, .mjs, .yaml) nor the executable tar of an ovl`
      throw usageFailure('NO_SUCH_TEST', why, { cause: error })
    }
    const names = [...testCases.map(test => test.name), ALL]
    throw usageFailure('NO_SUCH_TEST', `no test or ovl is named '${word}': ${error.message}`, {
      hint: suggest(word, names, `tests are ${names.join(', ')}`),
      cause: error,
    })
  }
}
