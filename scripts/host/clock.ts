/**
 * The clock of a run: the time of day at which this process began, in milliseconds since the epoch, and on from there by a clock
 * that nobody sets. So times never go back, and their differences are durations, also where the host's clock is corrected.
 */
export const runClock = (): number => Math.floor(performance.timeOrigin + performance.now())
