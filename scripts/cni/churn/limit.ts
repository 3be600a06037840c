import { usageFailure } from '../../errors/failure.ts'

/** How long containers are attached and detached. */
export type ChurnLimit = { readonly seconds: number } | { readonly count: number }

const MAX_SECONDS = 86_400
const MAX_COUNT = 1_000_000

/**
 * Reads `60s` or `1000`.
 * @throws Failure BAD_VALUE (exit 2)
 */
export function readChurnLimit(text: string): ChurnLimit {
  const [, digits = '', unit] = /^([1-9]\d{0,6})(s?)$/.exec(text) ?? []
  const value = Number(digits)
  if (value === 0 || value > (unit ? MAX_SECONDS : MAX_COUNT))
    throw usageFailure('BAD_VALUE', `--churn ${text}: is neither a time nor a number of PODs`, {
      hint: `for example 60s, at most ${MAX_SECONDS}s, or 1000, at most ${MAX_COUNT}`,
    })
  return unit ? { seconds: value } : { count: value }
}
