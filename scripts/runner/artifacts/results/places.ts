import path from 'node:path'
import type { AttemptInfo } from '../../../events/events.ts'
import type { Settings } from '../../../settings/settings.ts'

/** The results directory of an attempt; the first attempt has no subdirectory. */
export function resultsOf(directory: string, turn: AttemptInfo | undefined): string {
  const { repeat = 1, attempt = 1 } = turn ?? {}
  const parts = [...(repeat > 1 ? [`repeat-${repeat}`] : []), ...(attempt > 1 ? [`attempt-${attempt}`] : [])]
  return path.join(directory, ...parts)
}

/**
 * The evidence directory of an attempt: in the results directory, otherwise in the state directory until the test runs
 * again.
 */
export const evidenceOf = (
  { resultsDirectory, directories }: Settings,
  cluster: string,
  { test, turn }: { readonly test: string; readonly turn?: AttemptInfo },
): string =>
  resultsDirectory
    ? path.join(resultsOf(resultsDirectory, turn), test, 'evidence')
    : path.join(resultsOf(path.join(directories.state, 'evidence', cluster), turn), test)
