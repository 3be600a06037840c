/** Percentiles of durations, in milliseconds. */
export interface Latency {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** By the nearest rank; undefined without durations. */
export function latencyOf(milliseconds: readonly number[]): Latency | undefined {
  const sorted = [...milliseconds].sort((one, other) => one - other)
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return sorted.length === 0 ? undefined : { p50: rank(0.5), p90: rank(0.9), p99: rank(0.99), max: rank(1) }
}
