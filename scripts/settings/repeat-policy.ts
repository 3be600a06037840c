import { usageFailure } from '../errors/failure.ts'
import type { Sources } from './sources.ts'

/** How often tests are run, to find flaky ones. */
export interface RepeatPolicy {
  /** Runs of the selected tests; infinite until a failure. */
  readonly repeats: number
  /** Further attempts of a test that failed. */
  readonly retries: number
  /** Stop after the first failure. */
  readonly bail: boolean
}

const MAX_COUNT = 1_000_000

/**
 * @throws Failure BAD_VALUE (exit 2)
 */
export function readRepeatPolicy(sources: Sources): RepeatPolicy {
  const isUntilFailure = sources.flag('__until_failure')
  const isCounted = sources.has('__repeat')
  const repeats = sources.integer('__repeat', 1, 1, MAX_COUNT)
  const retries = sources.integer('__retry', 0, 0, MAX_COUNT)
  if (isUntilFailure && retries > 0) {
    throw usageFailure(
      'BAD_VALUE',
      '--until-failure and --retry cannot be combined: a retried failure never ends the run',
      {
        hint: 'use only one of them',
      },
    )
  }
  return Object.freeze({
    repeats: isUntilFailure && !isCounted ? Number.POSITIVE_INFINITY : repeats,
    retries,
    bail: sources.flag('__bail') || isUntilFailure,
  })
}
