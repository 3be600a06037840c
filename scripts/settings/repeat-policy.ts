import { usageFailure } from '../errors/failure.ts'
import type { Sources } from './sources.ts'

/** How often tests are run, to hunt what fails now and then. */
export interface RepeatPolicy {
  /** How often the whole plan is run; infinite for as often as it passes. */
  readonly repeats: number
  /** How often a test that failed is tried again. */
  readonly retries: number
  /** What is behind a failure is not run. */
  readonly bail: boolean
}

const MOST = 1_000_000

/**
 * @throws Failure BAD_VALUE (exit 2)
 */
export function readRepeatPolicy(sources: Sources): RepeatPolicy {
  const isUntilFailure = sources.flag('__until_failure')
  const isCounted = sources.has('__repeat')
  const repeats = sources.integer('__repeat', 1, 1, MOST)
  const retries = sources.integer('__retry', 0, 0, MOST)
  if (isUntilFailure && retries > 0) {
    throw usageFailure('BAD_VALUE', '--until-failure and --retry: a failure that is tried again never ends the run', {
      hint: 'leave one of them out',
    })
  }
  return Object.freeze({
    repeats: isUntilFailure && !isCounted ? Number.POSITIVE_INFINITY : repeats,
    retries,
    bail: sources.flag('__bail') || isUntilFailure,
  })
}
