/** Round steps of a scale, in seconds. */
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600]
const MOST = 8

/** Round marks of a time axis, from 0. */
export function ticks(seconds: number): readonly number[] {
  const step = STEPS.find(candidate => seconds / candidate <= MOST) ?? seconds / MOST
  const marks = Math.floor(seconds / step) + 1
  return Array.from({ length: marks }, (_, index) => Number((index * step).toFixed(1)))
}
