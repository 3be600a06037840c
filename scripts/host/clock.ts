/**
 * Milliseconds since the epoch, monotonic: the time of day at the start of the process plus the time since then.
 * Differences are durations even when the host's clock is set.
 */
export const runClock = (): number => Math.floor(performance.timeOrigin + performance.now())
