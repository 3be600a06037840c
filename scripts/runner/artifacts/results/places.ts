import path from 'node:path'
import type { Turn } from '../../../events/events.ts'
import type { Settings } from '../../../settings/settings.ts'

/** Where the results of one time of a test go: the first one's straight into the directory. */
export function resultsOf(directory: string, turn: Turn | undefined): string {
  const { repeat = 1, attempt = 1 } = turn ?? {}
  const parts = [...(repeat > 1 ? [`repeat-${repeat}`] : []), ...(attempt > 1 ? [`attempt-${attempt}`] : [])]
  return path.join(directory, ...parts)
}

/**
 * Where the evidence of a failure goes: with the results; without a place for them, where the last failure of a test is kept until it
 * runs again.
 * @param cluster the cluster's name
 */
export const evidenceOf = (
  { resultsDirectory, directories }: Settings,
  cluster: string,
  { test, turn }: { readonly test: string; readonly turn?: Turn },
): string =>
  resultsDirectory
    ? path.join(resultsOf(resultsDirectory, turn), test, 'evidence')
    : path.join(resultsOf(path.join(directories.state, 'evidence', cluster), turn), test)
